use iop::prelude::*;
use iop::settings::Secret;

#[message]
struct Mail {
    text: String,
}

#[business_operation]
struct Mailer {
    #[setting]
    password: Secret,
}

#[handlers]
impl Mailer {
    async fn mail(&mut self, mail: Mail) -> Result {
        info!("{} {}", mail.text, self.password);
        Ok(())
    }
}

production! {
    Post {
        #[item(standalone)]
        mailer: Mailer { password: "hunter2" }, // the mistake
    }
}

fn main() {}
