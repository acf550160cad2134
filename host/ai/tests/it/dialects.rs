//! How servers differ that all understand OpenAI's requests. Each answer has the form of a release of its server.

use fractalaw_host::Report;

use crate::guests::Does::{self, Batch, Generate};
use crate::guests::{ran, said};
use crate::served::served;
use crate::server::{Server, json};

const VECTORS: [(&str, &str); 4] = [
    (
        "Ollama",
        r#"{"object":"list","data":[{"object":"embedding","embedding":[0.5,-2],"index":0},
            {"object":"embedding","embedding":[1,0.25],"index":1}],"model":"all-minilm",
            "usage":{"prompt_tokens":4,"total_tokens":4}}"#,
    ),
    (
        "llama-server",
        r#"{"model":"m","object":"list","usage":{"prompt_tokens":4,"total_tokens":4},"data":[
            {"embedding":[0.5,-2.0],"index":0,"object":"embedding"},
            {"embedding":[1.0,0.25],"index":1,"object":"embedding"}]}"#,
    ),
    (
        "vLLM",
        r#"{"id":"embd-1","object":"list","created":1,"model":"m","data":[
            {"index":0,"object":"embedding","embedding":[0.5,-2.0]},{"index":1,"object":"embedding","embedding":[1.0,0.25]}],
            "usage":{"prompt_tokens":4,"total_tokens":4,"completion_tokens":0,"prompt_tokens_details":null}}"#,
    ),
    (
        "TEI",
        r#"{"object":"list","data":[{"object":"embedding","embedding":[0.5,-2.0],"index":0},
            {"object":"embedding","embedding":[1.0,0.25],"index":1}],"model":"sentence-transformers/all-MiniLM-L6-v2",
            "usage":{"prompt_tokens":4,"total_tokens":4}}"#,
    ),
];

/// The text is always `Yes.`, of 7 tokens. The last number is the confidence.
const TEXTS: [(&str, &str, f32); 5] = [
    (
        "Ollama",
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","system_fingerprint":"fp_ollama",
            "choices":[{"index":0,"message":{"role":"assistant","content":"Yes."},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#,
        0.0,
    ),
    (
        "llama-server",
        r#"{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"Yes."},"logprobs":
            {"content":[{"id":1,"token":"Yes","bytes":[89],"logprob":-1.0,"top_logprobs":[]},
            {"id":2,"token":".","bytes":[46],"logprob":-1.0,"top_logprobs":[]}]}}],"created":1,"model":"m",
            "system_fingerprint":"b1","object":"chat.completion","usage":{"completion_tokens":2,"prompt_tokens":5,
            "total_tokens":7},"id":"chatcmpl-1","timings":{"prompt_n":5,"predicted_ms":1.5}}"#,
        0.367_879_45,
    ),
    (
        "llama-server, a token that was not to be expected",
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Yes."},"logprobs":
            {"content":[{"token":"Yes.","logprob":-3.4028234663852886e38,"top_logprobs":[]}]}}],
            "usage":{"total_tokens":7}}"#,
        0.0,
    ),
    (
        "vLLM",
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
            {"role":"assistant","reasoning_content":null,"content":"Yes.","tool_calls":[]},"logprobs":{"content":
            [{"token":"Yes.","logprob":-1.0,"bytes":[89,101,115,46],"top_logprobs":[]}]},"finish_reason":"stop",
            "stop_reason":null}],"usage":{"prompt_tokens":5,"total_tokens":7,"completion_tokens":2,
            "prompt_tokens_details":null},"prompt_logprobs":null}"#,
        0.367_879_45,
    ),
    (
        "a server that knows some probabilities only",
        r#"{"choices":[{"message":{"content":"Yes."},"logprobs":{"content":[{"logprob":-1.0},{"logprob":null}]}}],
            "usage":{"total_tokens":7}}"#,
        0.0,
    ),
];

const REFUSALS: [(&str, u16, &str, &str); 13] = [
    (
        "Ollama, a model that was not fetched",
        404,
        r#"{"error":{"message":"model \"m\" not found, try pulling it first","type":"not_found_error","param":null,"code":null}}"#,
        "1: the server of the model `m` does not have it (status 404)",
    ),
    (
        "Ollama, a long text",
        400,
        r#"{"error":{"message":"the input length exceeds the context length","type":"invalid_request_error","param":null,
            "code":null}}"#,
        "2: the server of the model `m` finds the text too long (status 400)",
    ),
    (
        "Ollama's own functions, a long text",
        400,
        r#"{"error":"the input length exceeds the context length"}"#,
        "2: the server of the model `m` finds the text too long (status 400)",
    ),
    (
        "llama-server, a long prompt",
        400,
        r#"{"error":{"code":400,"message":"request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9412,"n_ctx":8192}}"#,
        "2: the server of the model `m` finds the text too long (status 400)",
    ),
    (
        "llama-server, a long text",
        500,
        r#"{"error":{"code":500,"message":"input (596 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}"#,
        "2: the server of the model `m` finds the text too long (status 500)",
    ),
    (
        "llama-server, while it loads",
        503,
        r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
        "5: the server of the model `m` failed (status 503)",
    ),
    (
        "llama-server, another key",
        401,
        r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#,
        "5: the server of the model `m` did not accept the key (status 401)",
    ),
    (
        "vLLM, a long text, before release 0.10",
        400,
        r#"{"object":"error","message":"This model's maximum context length is 512 tokens. However, you requested 600 tokens","type":"BadRequestError","param":null,"code":400}"#,
        "2: the server of the model `m` finds the text too long (status 400)",
    ),
    (
        "vLLM, a long text",
        400,
        r#"{"error":{"message":"This model's maximum context length is 512 tokens.","type":"BadRequestError","param":null,
            "code":400}}"#,
        "2: the server of the model `m` finds the text too long (status 400)",
    ),
    (
        "vLLM, another model",
        404,
        r#"{"error":{"message":"The model `m` does not exist.","type":"NotFoundError","param":null,"code":404}}"#,
        "1: the server of the model `m` does not have it (status 404)",
    ),
    (
        "TEI, a long text",
        413,
        r#"{"message":"Input validation error: `inputs` must have less than 512 tokens. Given: 600","code":413,
            "type":"Validation"}"#,
        "2: the server of the model `m` finds the text too long (status 413)",
    ),
    (
        "TEI, many texts",
        422,
        r#"{"message":"batch size 256 > maximum allowed batch size 32","code":422,"type":"Validation"}"#,
        "2: the server of the model `m` finds the text too long (status 422)",
    ),
    (
        "TEI, without a free place",
        429,
        r#"{"message":"Model is overloaded","code":429,"type":"Overloaded"}"#,
        "3: the server of the model `m` allows no further call now (status 429)",
    ),
];

fn asked(does: Does<'_>, status: u16, body: &str) -> Report {
    let server = Server::tcp(vec![json(status, body)]);
    ran(&[does], &served(&server.url, ""))
}

#[test]
fn the_vectors_of_each_server_are_the_same() {
    for (server, body) in VECTORS {
        let report = asked(Batch(&["a", "b"]), 200, body);
        assert_eq!(
            said(&report),
            "3f000000c0000000\n3f8000003e800000\n",
            "{server}"
        );
    }
}

#[test]
fn the_text_of_each_server_is_the_same() {
    for (server, body, confidence) in TEXTS {
        let report = asked(Generate(None, "?", 9, 0.0), 200, body);
        let bits = confidence.to_bits();
        assert_eq!(
            said(&report),
            format!("Yes. 00000007 {bits:08x}\n"),
            "{server}"
        );
    }
}

#[test]
fn what_each_server_refuses_has_a_code() {
    for (server, status, body, expected) in REFUSALS {
        for does in [Batch(&["a", "b"]), Generate(None, "?", 9, 0.0)] {
            let report = asked(does, status, body);
            assert_eq!(said(&report), expected, "{server}");
        }
    }
}
