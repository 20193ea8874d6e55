package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// aRegistry starts a registry that lets ada in, by the password "secret", and
// nobody else.
func aRegistry(t *testing.T) (host string) {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ada" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// dockerLogin is what `docker login` leaves, in a folder for DOCKER_CONFIG.
func dockerLogin(t *testing.T, host string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	writeFile(t, filepath.Join(folder, "config.json"), fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte("ada:secret"))))
	return folder
}

func TestImagePush(t *testing.T) {
	host, file, pin := aRegistry(t), filepath.Join(t.TempDir(), "pipeline.yaml"), filepath.Join(t.TempDir(), "image.txt")
	writeFile(t, file, "pipeline: pushed\nsources: {in: {use: stdin, out: text}}\nsinks: {out: {from: in, use: stdout, config: {format: text}}}\n")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	var out, errs bytes.Buffer
	image := func(args ...string) int {
		out.Reset()
		errs.Reset()
		return run(append([]string{"image", file, "--format", "json"}, args...), nil, &out, &errs)
	}
	if code := image("--push", "-t", host+"/pushed", "--pin", pin); code != exitEnv || !strings.Contains(out.String(), "docker login "+host) {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	if _, err := os.Stat(pin); err == nil {
		t.Error("what was not pushed is pinned")
	}
	t.Setenv("DOCKER_CONFIG", dockerLogin(t, host))
	if code := image("--push", "-t", host+"/pushed", "--pin", pin); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	var res struct{ Result imageResult }
	if err := json.Unmarshal(out.Bytes(), &res); err != nil {
		t.Fatal(err)
	}
	r := res.Result
	text, err := os.ReadFile(pin)
	if err != nil || string(text) != r.Pinned+"\n" || r.Reference != host+"/pushed:"+r.Hash || !r.Attached || r.To != "registry" {
		t.Errorf("%q, %v, %+v", text, err, r)
	}
	auth := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	pinned, err := name.NewDigest(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(pinned, auth)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}

	// On itself as a base: one more program over the first, the base named.
	if code := image("--push", "-t", host+"/above:1", "--base", r.Pinned, "--platform", "linux/amd64"); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	tag, err := name.NewTag(host + "/above:1")
	if err != nil {
		t.Fatal(err)
	}
	above, err := remote.Image(tag, auth)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(above); err != nil {
		t.Error(err)
	}
	c, err := above.ConfigFile()
	if err != nil || c.Config.Labels["org.opencontainers.image.base.digest"] != r.Digest || len(c.RootFS.DiffIDs) != 4 {
		t.Errorf("%+v: %v", c, err)
	}
	if code := image("--base", r.Pinned, "--platform", "linux/s390x"); code != exitEnv || !strings.Contains(out.String(), "[linux/amd64 linux/arm64]") {
		t.Errorf("exit code %d: %s", code, &out)
	}
}

// The bill of a program with connectors has the modules that they bring, each
// with version, sum and licence, as the decoder of CycloneDX reads it.
func TestSBOM(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	writeFile(t, file, `pipeline: rows
types: {E: {id: string}}
sources: {in: {use: nats, config: {url: "nats://localhost:4222", subject: s}, out: E}}
sinks: {out: {from: in, use: sqlite, config: {path: x.db, table: t}}}
`)
	var out, errs bytes.Buffer
	if code := run([]string{"sbom", file}, nil, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(&out, cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	modules := 0
	for _, c := range *bom.Components {
		if c.Licenses == nil {
			t.Errorf("%s has no licence", c.Name)
		}
		if c.Name == "std" || c.Name == module {
			continue
		}
		modules++
		if c.Version == "" || c.Hashes == nil {
			t.Errorf("%s has no version or no sum: %+v", c.Name, c)
		}
	}
	if modules < 8 {
		t.Errorf("NATS and SQLite bring %d modules", modules)
	}
}
