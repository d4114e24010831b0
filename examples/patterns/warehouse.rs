//! Where orders come in, and where the goods lie.

use iop::prelude::*;

use super::messages::{Head, Line, Picked, PurchaseOrder, Receipt};

/// Takes orders from the director.
#[business_service]
pub struct OrderDesk {
    #[target]
    out: Target<PurchaseOrder>,
}

#[handlers]
impl OrderDesk {
    async fn on_process_input(&mut self, order: PurchaseOrder, cx: &mut Context) -> Result<Receipt> {
        if order.goods.is_empty() {
            return Err(Error::fatal(format!("order {} is empty", order.number)));
        }
        let text = format!("{} lines", order.goods.len());
        cx.send_request_async(&self.out, order).response_required(false).await?;
        Ok(Receipt { text })
    }
}

/// **Splitter**: one order becomes a message for each line. Each knows its place and how many there are.
#[business_process]
pub struct OrderSplitter {
    #[target]
    lines: Target<Line>,
}

#[handlers]
impl OrderSplitter {
    async fn split(&mut self, order: PurchaseOrder, cx: &mut Context) -> Result<Receipt> {
        let head = Head { number: order.number, country: order.country, carrier: order.carrier };
        let line = |piece, goods| Ok(Line { piece, head: head.clone(), goods });
        let count = cx.split(&self.lines, order.goods, line).await?;
        Ok(Receipt { text: format!("{count} lines") })
    }
}

/// Takes goods from where they lie.
#[business_operation]
pub struct Picker {
    #[target]
    out: Target<Picked>,
}

#[handlers]
impl Picker {
    async fn pick(&mut self, line: Line, cx: &mut Context) -> Result {
        let what = format!("{} from the {}", line.goods.name, cx.item().replace('_', " "));
        cx.send_request_async(&self.out, Picked { piece: line.piece, head: line.head, what }).await?;
        Ok(())
    }
}
