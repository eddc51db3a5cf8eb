//! scratch
use counterfoil_jose::*;
use std::time::Instant;
use base64::Engine as _;
fn best(n: u32, mut f: impl FnMut()) -> f64 { let mut b = f64::MAX; for _ in 0..15 { let t = Instant::now(); for _ in 0..n { f() } b = b.min(t.elapsed().as_secs_f64()*1e6/n as f64) } b }
#[test]
fn speed() {
  let payload = br#"{"iss":"https://id.example.com","sub":"0193a1b2-7f00-7abc-8def-0123456789ab","aud":"https://api.example.com","exp":1900000000,"iat":1899999700,"jti":"0193a1b2-7f00-7abc-8def-0123456789ac","client_id":"web","scope":"openid profile email","sid":"0193a1b2-7f00-7abc-8def-0123456789ad"}"#;
  for a in Algorithm::ALL {
    let k = SigningKey::generate(a).unwrap(); let v = k.verifying_key().unwrap();
    let t = k.sign("at+jwt", payload).unwrap(); let set = KeySet::new([k.verifying_key().unwrap()]);
    let (i, s) = t.rsplit_once('.').unwrap(); let s = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(s).unwrap();
    let bare = best(2000, || v.verify_signature(i.as_bytes(), &s).unwrap());
    let full = best(2000, || { set.verify(&t, "at+jwt").unwrap(); });
    let parse = best(2000, || { Unverified::parse(&t).unwrap(); });
    let sign = best(500, || { k.sign("at+jwt", payload).unwrap(); });
    let g = if a == Algorithm::Rs256 { 1 } else { 50 };
    let gen_ = best(g, || { SigningKey::generate(a).unwrap(); });
    println!("{a}: len {} sign {sign:.2} bare {bare:.2} verify {full:.2} ratio {:.3} parse {parse:.2} gen {gen_:.0}", t.len(), full/bare);
  }
}
