//! A week of seismic events, from a file to CSV files, a table, alerts, and a summary that is checked.
//!
//! ```text
//! cargo run                          processes the sample and watches the folder
//! cargo run -- run --until-idle      ends when nothing is left to do
//! ```

pub mod alerts;
pub mod classifier;
pub mod csv_file;
pub mod evidence;
pub mod feed;
pub mod messages;
pub mod networks;
pub mod report;
pub mod splitter;
pub mod table;
pub mod usgs;

use iop::prelude::*;

use alerts::AlertFile;
use classifier::Classifier;
use csv_file::CsvFile;
use feed::FeedFolder;
use networks::Networks;
use report::Report;
use splitter::Splitter;
use table::Table;

/// Where feeds are put.
pub const INBOX: &str = "iop-data/earthquakes-inbox";
/// Where the results are.
pub const OUT: &str = "iop-data/earthquakes-out";

production! {
    /// Takes feeds of seismic events from a folder, sorts the events by what they are, keeps them in files and in a
    /// table, and raises an alert for the strong ones.
    pub Earthquakes {
        /// A feed is taken when it has been quiet for half a second.
        feed: FeedFolder { path: INBOX, stable: "500ms", out: splitter },
        splitter: Splitter { events: classifier, report: report },
        classifier: Classifier {
            networks: networks,
            earthquakes: earthquakes,
            explosions: explosions,
            quarry_blasts: quarry_blasts,
            table: table,
            alerts: alerts,
        },
        networks: Networks {},
        earthquakes: CsvFile { folder: OUT, name: "earthquakes.csv" },
        explosions: CsvFile { folder: OUT, name: "explosions.csv" },
        quarry_blasts: CsvFile { folder: OUT, name: "quarry_blasts.csv" },
        table: Table { folder: OUT },
        alerts: AlertFile { folder: OUT },
        report: Report { folder: OUT },
    }
}
