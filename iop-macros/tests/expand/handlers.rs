//! A process with hooks, a handler that finishes later, and what finishes it.

#[handlers]
impl Router {
    async fn on_init(&mut self) -> Result {
        Ok(())
    }

    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.out, hello).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, greeting: Response<Hello>) -> Result {
        self.text = greeting.result?.text;
        Ok(())
    }

    async fn on_timer(&mut self, _timer: Timer) -> Result {
        Ok(())
    }

    async fn on_complete(&mut self, _hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: self.text.clone() })
    }
}
