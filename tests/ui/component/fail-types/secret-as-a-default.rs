use iop::prelude::*;
use iop::settings::Secret;

#[message]
struct Mail {
    text: String,
}

#[business_operation]
struct Mailer {
    #[setting(default = "hunter2")] // the mistake
    password: Secret,
    #[setting(default = "env:MAIL_TOKEN")]
    token: Secret,
}

#[handlers]
impl Mailer {
    async fn mail(&mut self, mail: Mail) -> Result {
        info!("{} {} {}", mail.text, self.password, self.token);
        Ok(())
    }
}

fn main() {}
