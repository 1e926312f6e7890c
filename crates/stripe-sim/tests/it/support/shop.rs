//! A customer on a test clock who subscribes, and what was told of it.

use serde_json::Value;
use tollgate_stripe_sim::Simulator;

use super::{Answer, Api, NOW, builder};

pub const DAY: i64 = 24 * 3600;

/// A simulator with a shop, its customer, and the clock that the customer stands on.
pub struct Shop {
    pub sim: Simulator,
    pub api: Api,
    pub clock: String,
    pub customer: String,
}

impl Shop {
    /// The customer pays with this test card; it is attached and the default.
    pub async fn with_card(card: &str) -> Self {
        let sim = builder().start().await.unwrap();
        let api = Api::of(&sim);
        let clock = made(&api.post("/v1/test_helpers/test_clocks", &format!("frozen_time={NOW}")).await);
        let form = format!("email=ada%40shop.example&test_clock={clock}&payment_method={card}");
        let settings = format!("{form}&invoice_settings[default_payment_method]={card}");
        let customer = made(&api.post("/v1/customers", &settings).await);
        Self { sim, api, clock, customer }
    }

    /// A price of a product of its own; `more` is such as `&recurring[interval]=month`.
    pub async fn price(&self, amount: i64, more: &str) -> String {
        let product = made(&self.api.post("/v1/products", "name=Box").await);
        let form = format!("product={product}&currency=usd&unit_amount={amount}{more}");
        made(&self.api.post("/v1/prices", &form).await)
    }

    pub async fn subscribe(&self, price: &str, more: &str) -> Answer {
        let form = format!("customer={}&items[0][price]={price}{more}", self.customer);
        self.api.post("/v1/subscriptions", &form).await
    }

    /// Lets the clock go on until so many seconds after the start; gives the types of the events that this brought.
    pub async fn advance_to(&self, seconds: i64) -> Vec<String> {
        let before = self.sim.event_ids().len();
        let path = format!("/v1/test_helpers/test_clocks/{}/advance", self.clock);
        let answer = self.api.post(&path, &format!("frozen_time={}", NOW + seconds)).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some("advancing")), "{}", answer.body);
        assert_eq!(self.object(&self.clock)["status"], "ready");
        types(&self.sim, before)
    }

    pub fn object(&self, id: &str) -> Value {
        self.sim.object(id).unwrap_or_else(|| panic!("there is no {id}"))
    }

    /// The subscription's newest invoice.
    pub fn invoice(&self, subscription: &str) -> Value {
        let id = self.object(subscription)["latest_invoice"].clone();
        self.object(id.as_str().unwrap())
    }
}

/// The id of what a call made.
pub fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

/// The types of the events after the first ones.
pub fn types(sim: &Simulator, after: usize) -> Vec<String> {
    let told = sim.event_ids().into_iter().skip(after);
    told.map(|id| sim.event(&id).unwrap()["type"].as_str().unwrap().to_owned()).collect()
}
