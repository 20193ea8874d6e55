package http

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// What others publish of their signatures: a secret, a request, and what its header
// must be.
var published = map[string]struct {
	sign   Sign
	when   int64
	id     string
	body   string
	header string
	want   string
}{
	"github": {Sign{As: "github", Secret: "It's a Secret to Everybody"}, 0, "", "Hello, World!", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
	"slack": {
		Sign{As: "slack", Secret: "8f742231b10e8888abcd99yyyzzz85a5"},
		1531420618, "",
		"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
		"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
	},
	"standard": {
		Sign{As: "standard", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		1614265330, "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`,
		"Webhook-Signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	},
}

// Requests are signed as those who invented each way say.
func TestPublishedSignatures(t *testing.T) {
	for name, p := range published {
		s, err := p.sign.scheme()
		if err != nil {
			t.Fatal(err)
		}
		s.now = func() time.Time { return time.Unix(p.when, 0) }
		q := httptest.NewRequest("POST", "/", nil)
		if err := s.sign(q, p.id, []byte(p.body)); err != nil {
			t.Fatal(err)
		}
		if got := q.Header.Get(p.header); got != p.want {
			t.Errorf("%s: %s, not %s", name, got, p.want)
		}
	}
}

// ways are ways to sign, with what the sink and the source say.
func ways() map[string]Sign {
	return map[string]Sign{
		"plain":        {Secret: "s3cret"},
		"github":       {As: "github", Secret: "s3cret"},
		"stripe":       {As: "stripe", Secret: "whsec_s3cret"},
		"slack":        {As: "slack", Secret: "s3cret"},
		"standard":     {As: "standard", Secret: "whsec_czNjcmV0czNjcmV0"},
		"own":          {Secret: "s3cret", Header: "X-Sign", Value: "sha512={signature}", Over: "{method} {path} {time} {body} end", Hash: "sha512", Encoding: "base64", TimeHeader: "X-Time"},
		"spaced":       {Secret: "s3cret", Header: "Authorization", Value: "HMAC {signature}", Hash: "sha1"},
		"github's old": {As: "github", Secret: "s3cret", Header: "X-Hub-Signature", Value: "sha1={signature}", Hash: "sha1"},
	}
}

func (c Sign) verify() Verify {
	return Verify{c.Secret, "", c.As, c.Header, c.Value, c.Over, c.Hash, c.Encoding, c.TimeHeader, c.IDHeader, 5 * time.Minute}
}

// signed gives a request as the sink sends it.
func signed(t *testing.T, sign Sign, zip bool) (q *http.Request, body string) {
	t.Helper()
	var got *http.Request
	s := newTarget(t, nil)
	s.answer = func(http.ResponseWriter, int) {}
	var raw string
	s.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		b := new(strings.Builder)
		for buf := make([]byte, 512); ; {
			n, err := q.Body.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				break
			}
		}
		got, raw = q, b.String()
	})
	c := SinkConfig{URL: s.URL + "/in?a=b", Method: "POST", Format: "ndjson", Timeout: 10 * time.Second, Sign: sign}
	if zip {
		c.Compression = "gzip"
	}
	sink, err := NewSink(c, connect.Output{Node: "out", Format: "ndjson", Keys: []string{"meta.id"}})
	if err != nil {
		t.Fatal(err)
	}
	o := &flow.Out{Data: []byte("{\"a\":1}\n"), Ends: []uint32{8}, Count: 1, Keys: [][]string{{"m-1"}}}
	if err := sink.Write(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	return got, raw
}

// What the sink signs the source takes, and nothing that is not as it was signed.
func TestSignedFromSinkToSource(t *testing.T) {
	for name, sign := range ways() {
		for _, zip := range []bool{false, true} {
			taken := 0
			url, s := served(t, func(c *SourceConfig) { c.Verify = sign.verify() }, func(*flow.Batch) error { taken++; return nil })
			q, body := signed(t, sign, zip)
			header := s.guard.Get().scheme.header
			post := func(what string, want int, change func(q *http.Request, body string) string) {
				t.Helper()
				again, err := http.NewRequest("POST", url+"?a=b", nil)
				if err != nil {
					t.Fatal(err)
				}
				again.Header = q.Header.Clone()
				text := change(again, body)
				again.Body, again.ContentLength = struct {
					*strings.Reader
					nopCloser
				}{strings.NewReader(text), nopCloser{}}, int64(len(text))
				before := taken
				if r := do(t, http.DefaultClient, again); r.status != want || want != 200 && taken != before {
					t.Errorf("%s, zip %t, %s: %d %s", name, zip, what, r.status, r.Error)
				}
			}
			post("as it is", 200, func(_ *http.Request, body string) string { return body })
			post("another body", 401, func(q *http.Request, body string) string {
				q.Header.Del("Content-Encoding")
				return `{"a":2}`
			})
			post("a longer body", 401, func(_ *http.Request, body string) string { return body + body })
			post("no signature", 401, func(q *http.Request, body string) string { q.Header.Del(header); return body })
			post("another signature", 401, func(q *http.Request, body string) string {
				q.Header.Set(header, strings.Replace(q.Header.Get(header), q.Header.Get(header)[len(q.Header.Get(header))-8:], "AAAAAAAA", 1))
				return body
			})
			post("nonsense", 401, func(q *http.Request, body string) string { q.Header.Set(header, "{}"); return body })
			post("two signatures", 200, func(q *http.Request, body string) string {
				other := *s.guard.Get().scheme
				other.keys = [][]byte{[]byte("other")}
				forged := q.Clone(context.Background())
				if err := other.sign(forged, "m-1", []byte(body)); err != nil {
					t.Fatal(err)
				}
				if s.guard.Get().scheme.value.has("time") { // as items of one header
					_, sig, _ := strings.Cut(forged.Header.Get(header), ",")
					q.Header.Set(header, q.Header.Get(header)+","+sig)
				} else if name != "spaced" {
					q.Header.Set(header, forged.Header.Get(header)+" "+q.Header.Get(header))
				}
				return body
			})
			if s.guard.Get().scheme.has("time") {
				s.guard.Get().scheme.now = func() time.Time { return time.Now().Add(6 * time.Minute) }
				post("too late", 401, func(_ *http.Request, body string) string { return body })
				s.guard.Get().scheme.now = time.Now
				if s.guard.Get().scheme.timeHeader != "" {
					post("at another time", 401, func(q *http.Request, body string) string {
						q.Header.Set(s.guard.Get().scheme.timeHeader, "1000000000000")
						return body
					})
				}
			}
			if s.guard.Get().scheme.has("id") {
				post("another id", 401, func(q *http.Request, body string) string {
					q.Header.Set(s.guard.Get().scheme.idHeader, "m-2")
					return body
				})
				post("no id", 401, func(q *http.Request, body string) string { q.Header.Del(s.guard.Get().scheme.idHeader); return body })
			}
		}
	}
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

// While a secret changes, requests that are signed with the one before are good.
func TestPreviousSecret(t *testing.T) {
	sign := Sign{As: "stripe", Secret: "old"}
	url, _ := served(t, func(c *SourceConfig) {
		c.Verify = sign.verify()
		c.Verify.Secret, c.Verify.Previous = "new", "old"
	}, func(*flow.Batch) error { return nil })
	q, body := signed(t, sign, false)
	if r := send(t, url, body, "Stripe-Signature", q.Header.Get("Stripe-Signature")); r.status != 200 {
		t.Errorf("%d %s", r.status, r.Error)
	}
}

// A request that is too large is refused as such, and an empty one as not signed.
func TestVerifyBeforeAll(t *testing.T) {
	url, _ := served(t, func(c *SourceConfig) { c.Verify = Sign{Secret: "x"}.verify() }, func(*flow.Batch) error { return nil })
	if r := send(t, url, ""); r.status != 401 {
		t.Errorf("%d %s", r.status, r.Error)
	}
	if r := send(t, url, strings.Repeat("x", 1<<17), "X-Signature", "00"); r.status != 413 {
		t.Errorf("%d %s", r.status, r.Error)
	}
}

func TestSignatureConfigs(t *testing.T) {
	for name, c := range map[string]Sign{
		"nobody's":              {As: "nobody"},
		"no signature":          {Value: "v1"},
		"no body":               {Over: "{time}", TimeHeader: "X"},
		"a time of nowhere":     {Over: "{time}{body}"},
		"an id of nowhere":      {Over: "{id}{body}"},
		"something else":        {Over: "{body}{remote}"},
		"not closed":            {Over: "{body"},
		"twice":                 {Over: "{body}{body}"},
		"another hash":          {Hash: "md5"},
		"a header of two":       {Header: "a b"},
		"no base64":             {As: "standard", Secret: "whsec_!"},
		"a secret of two lines": {Secret: "hunter2\n"},
	} {
		if c.Secret == "" {
			c.Secret = "hunter2"
		}
		_, err := c.scheme()
		if err == nil {
			t.Errorf("%s was taken", name)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v tells the secret", name, err)
		}
	}
	_, err := NewSink(SinkConfig{URL: "http://x", Timeout: 1, Sign: Sign{As: "standard", Secret: "eA=="}}, connect.Output{Format: "json"})
	if err == nil || !strings.Contains(err.Error(), "meta: {id: in.ID}") {
		t.Errorf("an id that nobody gives: %v", err)
	}
}

// A record without an id can't be signed with one: it fails alone.
func TestNoIDToSign(t *testing.T) {
	s := newTarget(t, func(http.ResponseWriter, int) {})
	sink, err := NewSink(SinkConfig{URL: s.URL, Method: "POST", Timeout: time.Second, Sign: Sign{As: "standard", Secret: "eA=="}}, connect.Output{Format: "json", Keys: []string{"meta.id"}})
	if err != nil {
		t.Fatal(err)
	}
	err = sink.Write(context.Background(), &flow.Out{Data: []byte("{}\n{}\n"), Ends: []uint32{3, 6}, Count: 2, Keys: [][]string{{"", "b"}}})
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[0]) != flow.Permanent || len(s.requests) != 1 {
		t.Errorf("%v, %d requests", err, len(s.requests))
	}
}
