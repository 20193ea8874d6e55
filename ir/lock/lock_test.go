package lock

import (
	"errors"
	"strings"
	"testing"
)

const (
	sha  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	hash = "h1:icOCVdBDOLTOSsLPFs8Xaf9wUKpBwFpXvAfNMLkDse4="
)

func whole() *File {
	return &File{Components: []*Entry{
		{Go: "example.com/parts/cmd/shout@v1", Module: "example.com/parts@v1.2.3", Sum: hash},
		{Reference: "acme/ttp@v1", Image: "docker.io/acme/ttp@" + sha, Platforms: map[string]string{"linux/amd64": sha}, Descriptor: []byte(`{"name":"ttp","description":"a <b> & c"}`)},
		{Reference: "acme/chain@v1.0.0", Image: "docker.io/acme/chain@" + sha, Platforms: map[string]string{"linux/arm64": sha, "linux/amd64": sha}},
	}}
}

// The text of a lock is the same each time, in whatever order things were pinned, and reads
// as what was written.
func TestText(t *testing.T) {
	f := whole()
	text, err := f.Text()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "a <b> & c") {
		t.Errorf("what people read is escaped:\n%s", text)
	}
	g, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	g.Components[0], g.Components[2] = g.Components[2], g.Components[0]
	again, err := g.Text()
	if err != nil || string(again) != string(text) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
	if e := g.Image("acme/ttp@v1"); e == nil || e.Repository() != "docker.io/acme/ttp" || e.Digest() != sha {
		t.Errorf("%+v", e)
	}
	if g.Image("example.com/parts/cmd/shout@v1") != nil || g.Module("example.com/parts/cmd/shout@v1") == nil || (*File)(nil).Image("a@b") != nil {
		t.Error("an image is no module")
	}
	if before := g.Put(&Entry{Reference: "acme/ttp@v1", Image: "x/acme/ttp@" + sha, Platforms: map[string]string{"linux/amd64": sha}}); before == nil || len(g.Components) != 3 {
		t.Error("it is pinned twice")
	}
}

func TestParseMistakes(t *testing.T) {
	good, err := whole().Text()
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) string {
		if !strings.Contains(string(good), from) {
			t.Fatalf("the lock has no %q", from)
		}
		return strings.Replace(string(good), from, to, 1)
	}
	for _, c := range []struct{ text, want, at string }{
		{"", "EOF", ""},
		{"{", "EOF", ""},
		{"<<<<<<< HEAD\n" + string(good), "marks of a merge", "<<<<<<<"},
		{change(`"version": 1`, `"version": 2`), "a newer flowc", ""},
		{change(`"version": 1`, `"version": 2, "more": 1`), "a newer flowc", ""},
		{change(`"version": 1`, `"version": 0`), "its version is 0", ""},
		{change(`"version": 1`, `"version": "1"`), "can't be a string", ""},
		{string(good) + "{}", "behind its end", ""},
		{change(`"components": [`, `"components": [null,`), "null", ""},
		{change(`"reference"`, `"referenze"`), "unknown field", ""},
		{change("acme/chain@v1.0.0", "acme/ttp@v1"), "is there twice", `"acme/ttp@v1"`},
		{change("acme/chain@v1.0.0", "Acme/chain@v1.0.0"), "small letters", `"Acme/chain@v1.0.0"`},
		{change("docker.io/acme/chain@sha256:0", "docker.io/acme/chain@sha256:x"), "must have a digest", `"acme/chain@v1.0.0"`},
		{change(`"linux/arm64": "sha256:`, `"linux/arm64": "sha255:`), "no digest of the form", `"acme/chain@v1.0.0"`},
		{change(`"h1:`, `"h2:`), "no sum of a module", `"example.com/parts/cmd/shout@v1"`},
		{change("example.com/parts@v1.2.3", "example.com/other@v1.2.3"), "must be the module that has it", `"example.com/parts/cmd/shout@v1"`},
		{change("example.com/parts@v1.2.3", "example.com/parts"), "must be the module that has it", ""},
		{change("example.com/parts/cmd/shout@v1", "./shout"), "is a folder", ""},
		{change(`"descriptor": {`, `"descriptor": [], "x": {`), "", ""},
		{`{"version": 1, "components": [{}]}`, "either `reference` or `go`", ""},
		{`{"version": 1, "components": [{"reference": "a/b@c", "image": "a/b@` + sha + `"}]}`, "`platforms` of `a/b@c` are missing", ""},
		{`{"version": 1, "components": [{"reference": "a/b@c", "image": "a/b@` + sha + `", "platforms": {"a/b": "` + sha + `"}, "descriptor": []}]}`, "no JSON object", ""},
	} {
		_, err := Parse([]byte(c.text))
		var place *TextError
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("want %q, got %v\n%s", c.want, err, c.text)
		case !errors.As(err, &place) || place.Offset > len(c.text) || place.Offset < 0:
			t.Errorf("%v is nowhere", err)
		case !strings.HasPrefix(c.text[place.Offset:], c.at):
			t.Errorf("%v is at %q, and not at %q", err, c.text[place.Offset:], c.at)
		}
	}
}

// No text makes it panic, and what it takes it writes as something that it takes.
func FuzzParse(f *testing.F) {
	good, err := whole().Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1,"components":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		again, err := l.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("%v\n%s\n%s", err, text, again)
		}
		for _, e := range l.Components {
			if strings.ContainsAny(e.File(), "/\\") {
				t.Errorf("%q is no name of a file", e.File())
			}
		}
	})
}

func TestReferences(t *testing.T) {
	for _, c := range []struct{ text, registry, repository, tag, want string }{
		{"contract-events@v1.0.0", "", "docker.io/withobsrvr/contract-events", "v1.0.0", ""},
		{"acme/ttp@chunk-20260610", "", "docker.io/acme/ttp", "chunk-20260610", ""},
		{"acme/ttp@v1", "registry.example.com", "registry.example.com/acme/ttp", "v1", ""},
		{"ttp@v1", "registry.example.com/components/", "registry.example.com/components/ttp", "v1", ""},
		{"ghcr.io/acme/ttp@v1", "registry.example.com", "ghcr.io/acme/ttp", "v1", ""},
		{"localhost/acme/ttp@v1", "", "localhost/acme/ttp", "v1", ""},
		{"127.0.0.1:5000/acme/a/b@v1", "", "127.0.0.1:5000/acme/a/b", "v1", ""},
		{"acme/ttp@" + sha, "", "docker.io/acme/ttp", "", ""},
		{"acme/ttp", "", "", "", "ends with a tag: acme/ttp@v1.0.0"},
		{"localhost:5000/acme/ttp", "", "", "", "ends with a tag"},
		{"localhost:5000/acme/ttp:v1", "", "", "", "stands behind an @: localhost:5000/acme/ttp@v1"},
		{"./ttp", "", "", "", "`go: ./ttp`"},
		{"acme/ttp@", "", "", "", "ends with a tag"},
		{"@v1", "", "", "", "begins with a name"},
		{"acme/Ttp@v1", "", "", "", "small letters: ttp"},
		{"../ttp@v1", "", "", "", "it is a folder"},
		{"acme//ttp@v1", "", "", "", "can't be in the name"},
		{"acme/ttp@v 1", "", "", "", "can't be a tag"},
		{"acme/ttp@a@b", "", "", "", "can't be a tag"},
		{"acme/ttp@sha256:1", "", "", "", "a digest is"},
		{"https://acme/ttp@v1", "", "", "", "no host"},
	} {
		r, err := ParseReference(c.text)
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: want %q, got %v", c.text, c.want, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case r.Repository(c.registry) != c.repository || r.Tag != c.tag:
			t.Errorf("%s is %s with %s", c.text, r.Repository(c.registry), r.Tag)
		}
	}
}

func TestModules(t *testing.T) {
	for _, c := range []struct {
		text, pkg, version, want string
	}{
		{"example.com/parts/cmd/ttp@v1.2.3", "example.com/parts/cmd/ttp", "v1.2.3", ""},
		{"example.com/ttp@latest", "example.com/ttp", "latest", ""},
		{"./ttp", "ttp", "", ""},
		{".", ".", "", ""},
		{"../ttp/", "../ttp", "", ""},
		{"./ttp@v1", "", "", "has no version"},
		{"example.com/ttp", "", "", "a package has a version"},
		{"ttp@v1", "", "", "begins with a host"},
		{"fmt/ttp@v1", "", "", "begins with a host"},
		{"example.com/a b@v1", "", "", "no path of a package"},
		{"example.com/a@v1/b", "", "", "no version"},
	} {
		m, err := ParseModule(c.text)
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: want %q, got %v", c.text, c.want, err)
			}
		case err != nil || m.Package != c.pkg || m.Version != c.version || m.Local() != (c.version == ""):
			t.Errorf("%s is %+v: %v", c.text, m, err)
		}
	}
}

// The name of a file is the component's, and another one for another digest.
func TestFile(t *testing.T) {
	f := whole()
	names := map[string]bool{}
	for _, e := range append(f.Components, &Entry{Reference: "acme/ttp@v1", Image: "docker.io/acme/ttp@" + strings.Replace(sha, "0", "1", 1)}, &Entry{Go: "example.com/shout/v2@v2.0.0", Sum: hash}) {
		name := e.File()
		base, _, _ := strings.Cut(e.Written()[strings.LastIndex(strings.TrimSuffix(e.Written(), "/v2@v2.0.0"), "/")+1:], "@")
		if base = strings.TrimSuffix(base, "/v2"); !strings.HasPrefix(name, base+"-") || names[name] {
			t.Errorf("%s is %s", e.Written(), name)
		}
		names[name] = true
	}
	if m, _ := ParseModule("."); !strings.HasPrefix(LocalFile(m), "component-") {
		t.Error(LocalFile(m))
	}
}

func TestDescriptor(t *testing.T) {
	d, err := ParseDescriptor([]byte(` {"type": "Consumer", "consumes": ["a"], "input_types": ["b"], "env_mapping": {"x": "X_VAR"}, "config_schema": {"y": {"env": "Y_VAR", "default": 1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if d.Role() != "sink" || strings.Join(d.Takes(), " ") != "a b" || len(d.Gives()) != 0 || strings.Join(d.Keys(), " ") != "x y" || d.Variable("x") != "X_VAR" || d.Variable("y") != "Y_VAR" || d.Variable("z") != "" {
		t.Errorf("%+v", d)
	}
	for text, want := range map[string]string{"": "no JSON object", "[]": "no JSON object", "{": "unexpected end", `{"port": "a"}`: "`port` can't be a string"} {
		if _, err := ParseDescriptor([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if d, err := ParseDescriptor([]byte(`{"type": "thing"}`)); err != nil || d.Role() != "" {
		t.Error(d, err)
	}
}
