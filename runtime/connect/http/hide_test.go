package http

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A server that repeats what it was sent does not bring a secret into a message.
func TestHide(t *testing.T) {
	u, err := url.Parse("https://ann:hunter2@api.example.com/x")
	if err != nil {
		t.Fatal(err)
	}
	a := access{token: "t0ken", user: "bob", password: "swordfish", headers: map[string]string{"X-Key": "k3yk3y", "X": "a"}}
	q := &http.Request{URL: u}
	resp := &http.Response{Status: "401 t0ken?", StatusCode: 401, Header: http.Header{"Location": {"https://x/?k3yk3y"}}, Request: q}
	said := a.answered(resp, []byte("a: Bearer t0ken, swordfish, Ym9iOnN3b3JkZmlzaA==, YW5uOmh1bnRlcjI=, ann:hunter2, k3yk3y")).Error()
	if want := "the server answered 401 …?: a: Bearer …, …, …, …, ann:…, …"; said != want {
		t.Errorf("it says %q, not %q", said, want)
	}
	for _, text := range []string{"ftp://ann:hunter2@x", "://hunter2", "host=a password=hunter2", "https://u:hunter2@[::1"} {
		if _, err := parseOwn(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := errURL("https://ann:hunter2@x/../y", "leads up").Error(); strings.Contains(got, "hunter2") || !strings.Contains(got, "@x/../y") {
		t.Errorf("it says %s", got)
	}
	bad := access{headers: map[string]string{"X-Key": "hunter2\n"}}
	if err := bad.check(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
}
