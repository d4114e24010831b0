//! The look of a picture: one style sheet, for light and for dark surroundings. It applies to pictures of productions
//! only, so that a page may contain one.

/// Sizes of text in the style sheet.
pub(super) const HEADING: f64 = 14.0;
pub(super) const ASIDE: f64 = 12.0;
pub(super) const NAME: f64 = 13.0;
pub(super) const COMPONENT: f64 = 10.5;
pub(super) const LABEL: f64 = 9.5;

/// Plain selectors and colours: what draws SVG outside of browsers knows neither variables nor nesting.
pub(super) const SHEET: &str = "
.iop-picture { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.iop-picture .ground { fill: #f8fafc; }
.iop-picture .production { font-size: 14px; font-weight: 600; fill: #0f172a; }
.iop-picture .aside { font-size: 12px; font-weight: 400; fill: #64748b; }
.iop-picture .column { font-size: 11px; letter-spacing: .06em; fill: #64748b; }
.iop-picture .box { fill: #ffffff; stroke: #cbd5e1; }
.iop-picture .name { font-size: 13px; font-weight: 600; fill: #0f172a; }
.iop-picture .component { font-size: 10.5px; fill: #64748b; }
.iop-picture .service .mark { fill: #2563eb; }
.iop-picture .process .mark { fill: #7c3aed; }
.iop-picture .operation .mark { fill: #0d9488; }
.iop-picture .mark { fill: #64748b; }
.iop-picture .line { fill: none; stroke: #94a3b8; stroke-width: 1.3; }
.iop-picture .reach { fill: none; stroke: transparent; stroke-width: 9; }
.iop-picture .arrow { fill: #64748b; }
.iop-picture .back .line { stroke: #d97706; stroke-dasharray: 5 3; }
.iop-picture .back .arrow { fill: #d97706; }
.iop-picture .tap .line { stroke-dasharray: 2 3; }
.iop-picture .label { font-size: 9.5px; fill: #475569; }
.iop-picture .item:hover .box, .iop-picture .route:hover .line { stroke: #2563eb; }
@media (prefers-color-scheme: dark) {
.iop-picture .ground { fill: #0f172a; }
.iop-picture .production, .iop-picture .name { fill: #f1f5f9; }
.iop-picture .aside, .iop-picture .column, .iop-picture .component { fill: #94a3b8; }
.iop-picture .box { fill: #1e293b; stroke: #475569; }
.iop-picture .service .mark { fill: #60a5fa; }
.iop-picture .process .mark { fill: #a78bfa; }
.iop-picture .operation .mark { fill: #2dd4bf; }
.iop-picture .line { stroke: #64748b; }
.iop-picture .arrow { fill: #94a3b8; }
.iop-picture .back .line { stroke: #f59e0b; }
.iop-picture .back .arrow { fill: #f59e0b; }
.iop-picture .label { fill: #cbd5e1; }
.iop-picture .item:hover .box, .iop-picture .route:hover .line { stroke: #60a5fa; }
}
";
