//! Checks a shipment against the restrictions in the database. It is a part of other guests and cannot be run: see
//! `wit/rules.wit` for what it exports, and `shipment-screening` for who uses it.

mod restriction;

use exports::acme::rules::check::{Demand, Finding, Guest, Shipment};

wit_bindgen::generate!({ path: "wit", world: "checker" });

struct RulesChecker;

impl Guest for RulesChecker {
    fn check(item: Shipment) -> Result<Vec<Finding>, String> {
        let restrictions = restriction::on(&item.goods, &item.destination)?;
        let findings = restrictions
            .into_iter()
            .filter(|restriction| restriction.applies_to(item.kilograms))
            .map(|restriction| {
                Ok(Finding {
                    demand: match &*restriction.demand {
                        "hold" => Demand::Hold,
                        "notify" => Demand::Notify,
                        other => {
                            return Err(format!(
                                "`{}` demands `{other}`, expected `hold` or `notify`",
                                restriction.rule
                            ));
                        }
                    },
                    rule: restriction.rule,
                    reason: restriction.reason,
                })
            });
        findings.collect()
    }
}

export!(RulesChecker);
