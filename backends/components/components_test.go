package components

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/backends/oci/ocitest"
	"github.com/flowc-dev/flowc/ir/lock"
)

// A server is a registry whose answers can be changed on their way.
type server struct {
	*httptest.Server
	// spoil changes bodies of answers, where it is set.
	spoil atomic.Pointer[func(path string, body []byte) []byte]
	// user has to log in, where it is set, by the password "secret".
	user string
}

func serve(t *testing.T) *server {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // nobody's configuration is that of the test
	s := &server{}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); s.user != "" && (u != s.user || p != "secret") {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		change := s.spoil.Load()
		if change == nil || r.Method != http.MethodGet {
			handler.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		body := (*change)(r.URL.Path, rec.Body.Bytes())
		for k, v := range rec.Header() {
			if k != "Content-Length" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) host() string { return strings.TrimPrefix(s.URL, "http://") }

func (s *server) change(f func(path string, body []byte) []byte) {
	if f == nil {
		s.spoil.Store(nil)
		return
	}
	s.spoil.Store(&f)
}

const descriptor = `{"name": "ttp", "version": "1.0.0", "type": "processor", "consumes": ["a.v1"], "produces": ["b.v1"]}`

// publish puts a component into the registry.
func (s *server) publish(t *testing.T, name, descriptor string, programs []oci.Program) *oci.Image {
	t.Helper()
	image, err := oci.NewComponent(oci.ComponentSpec{Name: "ttp", Version: "v1", Descriptor: []byte(descriptor), Programs: programs})
	if err != nil {
		t.Fatal(err)
	}
	s.push(t, name, image)
	return image
}

func (s *server) push(t *testing.T, name string, image *oci.Image) {
	t.Helper()
	ref, err := oci.ParseReference(s.host()+"/"+name, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := live.PushComponent(t.Context(), ref, image); err != nil {
		t.Fatal(err)
	}
}

// programs are two that are told apart.
func programs() []oci.Program {
	return []oci.Program{{Platform: Here(), Binary: []byte("#!/bin/sh\necho here\n")}, {Platform: other(), Binary: []byte("other")}}
}

func other() oci.Platform { return oci.Platform{OS: "linux", Arch: "s390x"} }

// A component is pinned by its digest, brought once, and needs no registry from then on.
func TestImage(t *testing.T) {
	s := serve(t)
	image := s.publish(t, "acme/ttp:v1.0.0", descriptor, programs())
	b := Bringer{CacheDir: t.TempDir(), Registry: s.host()}
	fetched := 0
	b.Fetching = func(string) { fetched++ }
	e, notes, err := b.Pin(t.Context(), "acme/ttp@v1.0.0", false)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	if e.Image != s.host()+"/acme/ttp@"+image.Digest.String() || len(e.Platforms) != 2 || e.Platforms[other().String()] != image.Parts[1].Digest.String() || string(e.Descriptor) != strings.ReplaceAll(descriptor, " ", "") {
		t.Errorf("pinned is %+v %s", e, e.Descriptor)
	}
	if by, _, err := b.Pin(t.Context(), s.host()+"/acme/ttp@"+image.Digest.String(), false); err != nil || by.Image != e.Image {
		t.Errorf("by its digest it is %+v: %v", by, err)
	}
	paths := map[string]string{}
	for _, p := range programs() {
		path, err := b.Program(t.Context(), e, p.Platform)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, p.Binary) {
			t.Errorf("%s: %q %v", p.Platform, got, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode()&0o100 == 0 {
			t.Errorf("%s can't be started", path)
		}
		paths[p.Platform.Arch] = path
	}
	if fetched != 2 {
		t.Errorf("it fetched %d times", fetched)
	}
	_, err = b.Program(t.Context(), e, oci.Platform{OS: "linux", Arch: "riscv64"})
	if _, ok := errors.AsType[*PlatformError](err); !ok || !strings.Contains(err.Error(), "only for linux/") {
		t.Errorf("it is for all platforms: %v", err)
	}

	// What was changed in the cache is fetched again; without a registry, what is whole runs.
	here := paths[Here().Arch]
	if err := os.WriteFile(here, []byte("somebody's"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Program(t.Context(), e, Here()); err != nil || fetched != 3 {
		t.Errorf("%d times: %v", fetched, err)
	}
	s.Close()
	if path, err := b.Program(t.Context(), e, Here()); err != nil || path != here {
		t.Error(err)
	}
	if err := os.WriteFile(here, []byte("somebody's"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Program(t.Context(), e, Here()); err == nil || !strings.Contains(err.Error(), "can't get the program of") {
		t.Errorf("what somebody put there runs: %v", err)
	}
}

// What a registry sends is what the digest means, or it is not used.
func TestTampered(t *testing.T) {
	s := serve(t)
	s.publish(t, "acme/ttp:v1", descriptor, programs())
	b := Bringer{CacheDir: t.TempDir(), Registry: s.host()}
	e, _, err := b.Pin(t.Context(), "acme/ttp@v1", false)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(body []byte) []byte {
		out := bytes.Clone(body)
		out[len(out)-1] ^= 1
		return out
	}
	for name, change := range map[string]func(string, []byte) []byte{
		"layers": func(path string, body []byte) []byte {
			if strings.Contains(path, "/blobs/") && !bytes.HasPrefix(body, []byte("{")) {
				return flip(body)
			}
			return body
		},
		"layers cut off": func(path string, body []byte) []byte {
			if strings.Contains(path, "/blobs/") && !bytes.HasPrefix(body, []byte("{")) {
				return body[:len(body)-8]
			}
			return body
		},
		"manifests": func(path string, body []byte) []byte {
			if strings.Contains(path, "/manifests/") {
				return append([]byte(" "), body...)
			}
			return body
		},
	} {
		s.change(change)
		if path, err := b.Program(t.Context(), e, Here()); err == nil {
			t.Errorf("%s: it gives %s", name, path)
		} else if !strings.Contains(err.Error(), "is not what the digest means") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.change(nil)
	if _, err := b.Program(t.Context(), e, Here()); err != nil {
		t.Error(err)
	}
	wrong := *e
	wrong.Platforms = map[string]string{Here().String(): "sha256:" + strings.Repeat("0", 64)}
	if _, err := b.Program(t.Context(), &wrong, Here()); err == nil || !Gone(err) {
		t.Errorf("a digest that nothing has: %v", err)
	}
}

// Images that are no components, registries that refuse, and names that are none.
func TestNoComponent(t *testing.T) {
	s := serve(t)
	app, err := oci.New(ocitest.Spec(t, "linux/amd64"))
	if err != nil {
		t.Fatal(err)
	}
	s.push(t, "acme/app:v1", app)
	bare, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{})
	if err != nil {
		t.Fatal(err)
	}
	s.push(t, "acme/bare:v1", &oci.Image{Parts: []oci.Part{{Image: mutate.MediaType(bare, types.OCIManifestSchema1)}}})
	s.publish(t, "acme/odd:v1", `["no object"]`, programs())
	b := Bringer{CacheDir: t.TempDir(), Registry: s.host()}
	e, notes, err := b.Pin(t.Context(), "acme/app@v1", false)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "no metadata.json") {
		t.Fatal(err, notes)
	}
	if _, err := b.Program(t.Context(), e, oci.Platform{OS: "linux", Arch: "amd64"}); err == nil || !strings.Contains(err.Error(), "it has no /component") {
		t.Error(err)
	}
	for reference, want := range map[string]string{
		"acme/bare@v1": "says of no platform", "acme/odd@v1": "can't be read: it is no JSON object", "acme/none@v1": "has no component acme/none", "acme/bare@v2": "has acme/bare, and no v2 of it: there are v1",
		"acme/Ttp@v1": "small letters", "acme/ttp": "ends with a tag", "127.0.0.1:1/acme/ttp@v1": "refused",
	} {
		if _, _, err := b.Pin(t.Context(), reference, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", reference, want, err)
		}
	}
	s.user = "ada"
	if _, _, err := b.Pin(t.Context(), "acme/app@v1", false); err == nil || !strings.Contains(err.Error(), "`docker login "+s.host()+"`") {
		t.Error(err)
	}
}

// Where what a component says does not agree, that is said, and nothing is guessed.
func TestDisagreements(t *testing.T) {
	s := serve(t)
	b := Bringer{CacheDir: t.TempDir(), Registry: s.host()}
	for _, c := range []struct{ reference, descriptor, want string }{
		{"acme/ttp@v1.0.0", `{"name": "ttp", "version": "1.0.0", "type": "sink"}`, ""},
		{"acme/ttp@1.0", `{"name": "ttp", "version": "v1.0.3", "type": "sink"}`, ""},
		{"acme/ttp@chunk-20260610", `{"name": "ttp", "version": "v1.0.3"}`, ""},
		{"acme/ttp@v1.1.0", `{"name": "ttp", "version": "1.0.0"}`, "is of version 1.0.0"},
		{"acme/ttp@v10", `{"name": "ttp", "version": "1.0.0"}`, "is of version 1.0.0"},
		{"acme/ttp@v1", `{"name": "token-transfer", "version": "1.0.0"}`, `calls it "token-transfer"`},
		{"acme/ttp@v1", `{"type": "transformer"}`, `has the type "transformer"`},
	} {
		s.publish(t, strings.Replace(c.reference, "@", ":", 1), c.descriptor, programs())
		_, notes, err := b.Pin(t.Context(), c.reference, false)
		if got := strings.Join(notes, "; "); err != nil || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s with %s: %q, %v", c.reference, c.descriptor, got, err)
		}
	}

	// Two platforms of one component that say different things.
	one := s.publish(t, "acme/one:v1", descriptor, programs()[:1])
	two := s.publish(t, "acme/two:v1", strings.Replace(descriptor, "a.v1", "c.v1", 1), programs()[1:])
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range []oci.Part{one.Parts[0], two.Parts[0]} {
		d := p.Platform.Descriptor()
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: p.Image, Descriptor: v1.Descriptor{Platform: &d}})
	}
	s.push(t, "acme/ttp:v3", &oci.Image{Index: index})
	_, notes, err := b.Pin(t.Context(), "acme/ttp@v3", false)
	if got := strings.Join(notes, "; "); err != nil || !strings.Contains(got, "says something else for linux/") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestChanges(t *testing.T) {
	entry := func(descriptor string) *lock.Entry {
		return &lock.Entry{Reference: "acme/ttp@v1", Image: "docker.io/acme/ttp@sha256:" + strings.Repeat("1", 64), Platforms: map[string]string{"linux/amd64": "x"}, Descriptor: json.RawMessage(descriptor)}
	}
	before := entry(`{"version": "1", "type": "processor", "consumes": ["a"], "produces": ["b"], "config_schema": {"url": {"type": "string"}, "n": {"type": "integer", "default": 1}, "old": {}}}`)
	if got := Changes(before, entry(string(described(before.Descriptor)))); len(got) > 0 {
		t.Errorf("nothing changed, and it says %q", got)
	}
	after := entry(`{"version": "2", "type": "sink", "consumes": ["a", "c"], "config_schema": {"url": {"type": "string", "required": true, "env": "THE_URL"}, "n": {"type": "string", "default": 2}, "new": {"required": true}, "more": {}}}`)
	after.Image = strings.Replace(after.Image, "1", "2", 1)
	after.Platforms = map[string]string{"linux/arm64": "x"}
	got := strings.Join(Changes(before, after), "\n")
	for _, want := range []string{
		"it was a processor, and is a sink", "it takes c as well", "it no longer gives b", "there is no key old any more", "url is required now",
		"url was the variable nothing, and is THE_URL", "n was integer, and is string", "the default of n was 1, and is 2", "a new key new, which is required", "a new key more",
		"no longer there for linux/amd64", "it is there for linux/arm64 as well", "its version was 1, and is 2", "is now docker.io/acme/ttp@sha256:",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
	if got := Changes(before, entry(`{"description": "other", `+string(before.Descriptor)[1:])); len(got) != 1 || !strings.Contains(got[0], "other words") {
		t.Errorf("%q", got)
	}
}
