package live

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/ocitest"
)

// fake is an engine's server, as far as it is asked.
func fake(t *testing.T, arch, loaded string, status int) (e *Engine, got *[]string) {
	t.Helper()
	got = new([]string)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"Os":"linux","Arch":%q}`, arch)
	})
	mux.HandleFunc("POST /images/load", func(w http.ResponseWriter, r *http.Request) {
		for tr := tar.NewReader(r.Body); ; {
			h, err := tr.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			*got = append(*got, h.Name)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, loaded)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	e, err := Open(Address{Host: strings.Replace(s.URL, "http://", "tcp://", 1), From: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	return e, got
}

func TestLoad(t *testing.T) {
	image := imageOf(t, ocitest.Spec(t, "linux/amd64"))
	ref := reference(t, "orders")
	for _, c := range []struct {
		answer string
		status int
		want   string
	}{
		{`{"stream":"Loaded image: orders:h\n"}`, 200, ""},
		{`{"stream":"x"}{"errorDetail":{"message":"no space"},"error":"no space"}`, 200, "did not take the image: no space"},
		{`{"message":"not today"}`, 500, "answers 500 Internal Server Error: not today"},
		{`gateway`, 502, "502 Bad Gateway: gateway"},
		{`{"stream":`, 200, "did not say how loading ended"},
	} {
		e, got := fake(t, "amd64", c.answer, c.status)
		err := e.Load(t.Context(), image, ref)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.answer, err)
		}
		if !slices.Contains(*got, "manifest.json") {
			t.Errorf("the engine got %v", *got)
		}
	}
}

func TestEnginePlatform(t *testing.T) {
	e, _ := fake(t, "arm64", "", 200)
	if p, err := e.Platform(t.Context()); err != nil || p != (oci.Platform{OS: "linux", Arch: "arm64"}) {
		t.Error(p, err)
	}
	e, _ = fake(t, "", "", 200)
	if _, err := e.Platform(t.Context()); err == nil || !strings.Contains(err.Error(), "no container engine") {
		t.Error(err)
	}
}

func TestNoEngine(t *testing.T) {
	e, err := Open(Address{Host: "unix://" + filepath.Join(t.TempDir(), "no.sock")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Platform(t.Context()); err == nil || !strings.Contains(err.Error(), "no container engine answers at unix:///") || strings.Contains(err.Error(), "http://engine") {
		t.Error(err)
	}
	for _, host := range []string{"ssh://me@there", "npipe:////./pipe/docker"} {
		if _, err := Open(Address{Host: host, From: "DOCKER_HOST"}); err == nil || !strings.Contains(err.Error(), "DOCKER_HOST") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// A refusal is a way to an engine that ends in an error of the system.
type refusal struct{ error }

func (r refusal) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.error }

// Who may not use the engine is not told to start one.
func TestNoRights(t *testing.T) {
	e := &Engine{Address: "unix:///d.sock", base: "http://engine", client: &http.Client{Transport: refusal{&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}}}}
	_, err := e.Platform(t.Context())
	if err == nil || !strings.Contains(err.Error(), "you may not use the container engine at unix:///d.sock: ") || !strings.Contains(err.Error(), "a group of its own") || strings.Contains(err.Error(), "start one") {
		t.Error(err)
	}
}

func TestFindEngine(t *testing.T) {
	home := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(home, ".docker", filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	find := func(env map[string]string) string {
		a, err := FindEngine(func(k string) string { return env[k] }, home)
		if err != nil {
			return err.Error()
		}
		return strings.ReplaceAll(fmt.Sprintf("%s %s %s", a.Host, a.Certificates, a.From), home, "~")
	}
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, not %s", what, got, want)
		}
	}
	same("nothing said", find(nil), "unix:///var/run/docker.sock  the default")
	same("a variable", find(map[string]string{"DOCKER_HOST": "tcp://a:1"}), "tcp://a:1  DOCKER_HOST")
	same("with certificates", find(map[string]string{"DOCKER_HOST": "tcp://a:1", "DOCKER_TLS_VERIFY": "1"}), "tcp://a:1 ~/.docker DOCKER_HOST")
	same("with certificates elsewhere", find(map[string]string{"DOCKER_HOST": "tcp://a:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"}), "tcp://a:1 /c DOCKER_HOST")
	write("config.json", `{"currentContext": "colima"}`)
	if got := find(nil); !strings.Contains(got, `config.json names the context "colima"`) {
		t.Error(got)
	}
	id := fmt.Sprintf("%x", sha256.Sum256([]byte("colima")))
	write("contexts/meta/"+id+"/meta.json", `{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///c.sock"}}}`)
	same("a context", find(nil), `unix:///c.sock  the context "colima"`)
	same("another one", find(map[string]string{"DOCKER_CONTEXT": "default"}), "unix:///var/run/docker.sock  the default")
	write("contexts/tls/"+id+"/docker/ca.pem", "x")
	same("a context with certificates", find(nil), `unix:///c.sock ~/.docker/contexts/tls/`+id+`/docker the context "colima"`)
	write("config.json", `{`)
	if got := find(nil); !strings.Contains(got, "is no JSON") {
		t.Error(got)
	}
}

// A tag says which image it is of, and is told from those that people give.
func TestTag(t *testing.T) {
	tag := Tag("h1", "sha256:0123456789abcdef")
	if tag != "h1-0123456789ab" {
		t.Error(tag)
	}
	for reference, want := range map[string]bool{"orders:" + tag: true, "r:5000/a/orders:" + tag: true, "orders:h1": false, "orders:h1-mine": false, "orders": false, "orders:h2-0123456789ab": false} {
		if IsTag(reference, "h1") != want {
			t.Errorf("%s: %t", reference, !want)
		}
	}
}
