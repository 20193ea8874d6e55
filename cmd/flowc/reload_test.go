package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program takes the token, and shows the header, that its files have now, behind a
// link that is turned as Kubernetes does it. What --set has set stays.
func TestSecretsFollowTheirFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir, in, other := t.TempDir(), freeAddress(t), freeAddress(t)
	for version, token := range map[string]string{"1": "one", "2": "two"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, version, "token"), token+"\n")
	}
	turn := func(to string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.Symlink(to, next); err != nil {
			t.Skipf("there are no links here: %v", err)
		}
		if err := os.Rename(next, filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	turn("1")
	if err := os.Symlink(filepath.Join("data", "token"), filepath.Join(dir, "token")); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1)
	server := &http.Server{Addr: other, Handler: http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		shown <- q.Header.Get("X-Key") + " " + q.Header.Get("X-Fixed") + " " + q.Header.Get("Authorization")
	})}
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { _ = server.Close() })
	writeFile(t, filepath.Join(dir, "pipeline.yaml"), `pipeline: follows
types: {T: {x: string}}
sources:
  in: {use: http, config: {listen: "`+in+`", token: "${file:token}"}, out: T}
sinks:
  out: {from: in, use: http, config: {url: "http://`+other+`", headers: {X-Key: "key ${file:token}", X-Fixed: plain}, token: "${file:token}"}}
`)
	p := startWith(t, buildProgram(t, filepath.Join(dir, "pipeline.yaml")), dir, []string{"--set", "out.config.token=assigned"})
	eventually(t, "the program is ready", func() bool { p.alive(); return p.ready() == 200 })
	post := func(token string) int {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+in, strings.NewReader(`{"x":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	sent := func(token, want string) {
		t.Helper()
		eventually(t, token+" is let in", func() bool { return post(token) == 200 })
		if got := <-shown; got != want {
			t.Errorf("it showed %q, not %q", got, want)
		}
	}
	sent("one", "key one plain Bearer assigned")
	turn("2")
	eventually(t, "the new token is let in", func() bool {
		if post("two") != 200 {
			return false
		}
		return <-shown == "key two plain Bearer assigned" // each config asks for itself
	})
	if got := post("one"); got != 401 {
		t.Errorf("the old token gets %d", got)
	}
	if err := os.Remove(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the program says that its file is gone", func() bool { post("nobody"); return strings.Contains(p.said(), "can't be read") })
	sent("two", "key two plain Bearer assigned")
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.said())
	}
}
