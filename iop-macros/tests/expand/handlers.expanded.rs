//! What comes of `handlers.rs`. Written by the tests in `src/tests.rs`.

#[allow(clippy::unused_async)]
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
const _: () = {
    #[automatically_derived]
    impl ::iop::__private::Handlers for Router {
        type This = Self;
        const TABLE: ::iop::__private::HandlerTable<Self> = {
            let table = ::iop::__private::HandlerTable::EMPTY.handlers(
                &[::iop::__private::MessageHandler::of::<Hello, Result<Pending>>()],
                &[::iop::__private::ResponseHandler::of::<Response<Hello>, Result>()],
                &[::iop::__private::CompletionHandler::of::<Hello, Result<Greeting>>()],
            );
            let table = table.init(::iop::__private::init_hook::<Self, Result>());
            let table = table.timer(::iop::__private::timer_hook::<Self, Timer, Result>());
            table
        };
        const HANDLED: &'static [::iop::__private::HandledMessage] = &::iop::__private::handled::<Self, 1usize>();
    }
    #[automatically_derived]
    impl ::iop::__private::Init for Router {
        type Returned = Result;
        async fn init(&mut self, cx: &mut ::iop::__private::Context) -> Self::Returned {
            let _ = cx;
            Self::on_init(self).await
        }
    }
    #[automatically_derived]
    impl ::iop::__private::Handles<Hello> for Router {
        type Returned = Result<Pending>;
        async fn handle(&mut self, message: Hello, cx: &mut ::iop::__private::Context) -> Self::Returned {
            Self::hello(self, message, cx).await
        }
    }
    #[automatically_derived]
    impl ::iop::__private::Responds<Response<Hello>> for Router {
        type Returned = Result;
        async fn respond(&mut self, message: Response<Hello>, cx: &mut ::iop::__private::Context) -> Self::Returned {
            let _ = cx;
            Self::on_response(self, message).await
        }
    }
    #[automatically_derived]
    impl ::iop::__private::OnTimer<Timer> for Router {
        type Returned = Result;
        async fn on_timer(&mut self, message: Timer, cx: &mut ::iop::__private::Context) -> Self::Returned {
            let _ = cx;
            Self::on_timer(self, message).await
        }
    }
    #[automatically_derived]
    impl ::iop::__private::Completes<Hello> for Router {
        type Returned = Result<Greeting>;
        async fn complete(&mut self, message: Hello, cx: &mut ::iop::__private::Context) -> Self::Returned {
            let _ = cx;
            Self::on_complete(self, message).await
        }
    }
    const _: () = ::iop::__private::assert_called::<Router>("hello", ::iop::__private::Role::Message);
    const _: () = ::iop::__private::assert_called::<Router>("on_response", ::iop::__private::Role::Response);
    const _: () = ::iop::__private::assert_called::<Router>("on_timer", ::iop::__private::Role::Timer);
    const _: () = ::iop::__private::assert_called::<Router>("on_complete", ::iop::__private::Role::Complete);
};
