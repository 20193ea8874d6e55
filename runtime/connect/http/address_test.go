package http

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// What a record says of a host leads nowhere but where the pipeline says.
func TestAddress(t *testing.T) {
	tenant := func(v string) []string { return []string{"https://api.", v, ".example.com/"} }
	for _, texts := range [][]string{
		tenant("acme"), tenant("ACME-2"), tenant("a.b"), tenant("eu_1"),
		{"https://", "acme", ".example.com/v1/", "x"},
		{"https://", "acme", "-", "eu", ".example.com"},
		{"http://localhost:", "8080", "/x"},
		{"http://", "a.example:8080", "/x"},
		{"http://", "127.0.0.1", "/x"},
		{"http://", "[::1]:80", "/x"},
		{"http://", "a.example/any/path?q"}, // nothing but the scheme is the pipeline's
		{"", "http://a.example/x", "/y"},
		{"https://me:", "pass:w!rd", "@", "acme", ".example.com/"},
		{"https://api.", "example.com"},
		{"https://acme.example.com/", "a@b:c"},
	} {
		got, err := Address(texts...)
		if want := strings.Join(texts, ""); got != want || err != nil {
			t.Errorf("%q: %q, %v", texts, got, err)
		}
	}
	for _, texts := range [][]string{
		tenant(""), tenant("evil.com/"), tenant("evil.com#"), tenant("evil.com?"), tenant("u@evil.com"), tenant("evil.com:80"), tenant(`evil.com\`),
		tenant("evil.com\x00"), tenant("a\nb"), tenant("a b"), tenant("%2f"), tenant("é"), tenant("／"), tenant("a..b"), tenant("."), tenant("a."),
		{"https://", "evil.com/", ".example.com/"},
		{"https://", "a", ".", "evil.com/", ".example.com/"},
		{"https://", "evil.com/x", "/y"},
		{"https://", "u@evil.com", "/y"},
		{"https://", "", "/y"},
		{"https://", "evil.com:80:90", "/y"},
		{"https://api.", "example.com/x"},
		{"https://me:", "x@evil.com/", "@example.com/"},
		{"https://me:", "pw", "@", "evil.com/", ".example.com/"},
		{"http://localhost:", "80@evil.com", "/x"},
		{"https://", "acme", ".example.com/v1/", "../admin"},
		{"https://", "acme", ".example.com/v1/", "%2e%2e/admin"},
		{"https://", "acme/v1?", ".example.com?to=", "x"},
	} {
		got, err := Address(texts...)
		var coded interface{ Code() string }
		if err == nil || flow.ClassOf(err) != flow.Permanent || !errors.As(err, &coded) || coded.Code() != "url" {
			t.Errorf("%q: %q, %v", texts, got, err)
		}
	}
}

// A server that does not exist is waited for where the pipeline names it, and
// fails the record that does.
func TestUnknownServer(t *testing.T) {
	err := &url.Error{Op: "Post", URL: "http://x.example/?k=v", Err: &net.DNSError{Err: "no such host", Name: "x.example", IsNotFound: true}}
	for literal, gone := range map[string]bool{"http://x.example/": true, "http://": false, "http://x": false, "": false} {
		s := newSink(t, SinkConfig{}, connect.Output{Format: "ndjson", Keys: []string{"url"}, Literals: map[string]string{"url": literal}})
		got := unanswered(context.Background(), err, s.open)
		var e *goneError
		if errors.As(got, &e) != gone || gone == (flow.ClassOf(got) == flow.Permanent) || strings.Contains(got.Error(), "k=v") {
			t.Errorf("%q: %v", literal, got)
		}
	}
	s := newSink(t, SinkConfig{URL: "http://x.example"}, connect.Output{Format: "ndjson"})
	if got := unanswered(context.Background(), err, s.open); flow.ClassOf(got) != flow.Transient {
		t.Error(got)
	}
}
