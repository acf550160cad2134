//! Compares the encoding with values that another program computed from `LEDGER.md` alone.

use fractalaw_ledger::*;

use crate::lab::T0;

fn entry(run_id: Option<u64>) -> Entry {
    Entry {
        entry_id: 7,
        run_id,
        timestamp: T0 + 1,
        node_id: "node-1".to_owned(),
        actor_id: "duty-finder@0c1f9a77e2b4".to_owned(),
        actor_role: Role::MicroApp,
        event_type: "duty-found".to_owned(),
        resource: "act/2".to_owned(),
        detail: "§ 2 — ünï\n".to_owned(),
        prev_hash: Hash(std::array::from_fn(|index| index as u8)),
        signature: None,
    }
}

#[test]
fn the_hash_of_a_known_entry() {
    let expected = "a4d429e8e705fcbea658be4af6a7287ede1f7c3580ba487fb83da41ef01118ca";
    assert_eq!(entry(Some(5)).hash().to_string(), expected);
}

#[test]
fn what_stands_before_the_first_entry_of_a_known_ledger() {
    let id = LedgerId(std::array::from_fn(|index| index as u8));
    let expected = "22bc1d3bd0aa4702196b01903e54e1b458f60127849544d0c65bab7668eebd7b";
    assert_eq!(id.genesis().to_string(), expected);
}

#[test]
fn the_signature_of_a_known_checkpoint() {
    let checkpoint = Entry {
        actor_id: "fractalaw-ledger@0.1.0".to_owned(),
        actor_role: Role::Ledger,
        event_type: event::CHECKPOINT.to_owned(),
        resource: "000102030405060708090a0b0c0d0e0f".to_owned(),
        detail: String::new(),
        ..entry(None)
    };
    let hash = "4dd250684488506f3be835147e46e4f6e0daf5d68c6b4de228d62aec9c2d23a2";
    assert_eq!(checkpoint.hash().to_string(), hash);
    let key = LedgerKey::from_seed(&[7; 32]).public_key();
    let known = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    assert_eq!(key.to_string(), known);
    let signature: Signature = "4ebd3718f745d3c0b4830776571d9401ad1d0fe2ac4eea51c24a3dc5d81a88ab\
                                84c16c577f9f7530aaa1cdd5b4ae51d049c12e737d54f9a2ee7cba061ba3de04"
        .parse()
        .unwrap();
    let id = LedgerId(std::array::from_fn(|index| index as u8));
    let whole = Checkpoint::of(&checkpoint, id, key, signature);
    assert!(whole.is_genuine());
    let changes: [fn(&mut Checkpoint); 6] = [
        |checkpoint| checkpoint.ledger_id.0[0] ^= 1,
        |checkpoint| checkpoint.entry_count += 1,
        |checkpoint| checkpoint.head_hash.0[31] ^= 1,
        |checkpoint| checkpoint.time_unix_ns += 1,
        |checkpoint| checkpoint.public_key.0[0] ^= 1,
        |checkpoint| checkpoint.signature.0[63] ^= 1,
    ];
    for change in changes {
        let mut changed = whole.clone();
        change(&mut changed);
        assert!(!changed.is_genuine());
    }
}
