// Package lock is flowc.lock: what the references of a folder's pipelines mean.
//
// A reference (`org/ttp@v1`, `example.com/mod/cmd/ttp@v1.2.3`) is a name that somebody
// else can give another meaning. The lock stands beside the pipelines and is committed
// with them: it has the digest of each image and the sum of each module, and what the
// component says of itself, so that a pipeline is checked without a network, and a review
// shows what an update changes. Nothing here reads a file or asks a registry.
package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Name is the lock's file, in the folder of the pipelines.
const Name = "flowc.lock"

// version is that of the format.
const version = 1

// A File is a lock.
type File struct {
	// Version is that of the format.
	Version int `json:"version"`
	// Components are sorted: images first, each kind by what pipelines write.
	Components []*Entry `json:"components"`
}

// An Entry is what one reference means: an image of a registry, or a module of Go.
type Entry struct {
	// Reference is what pipelines write under `type`.
	Reference string `json:"reference,omitempty"`
	// Image is its repository with the digest: registry.example.com/org/ttp@sha256:….
	Image string `json:"image,omitempty"`
	// Platforms are the digests of the manifests of its parts, by linux/amd64.
	Platforms map[string]string `json:"platforms,omitempty"`

	// Go is what pipelines write under `go`: a package and a version.
	Go string `json:"go,omitempty"`
	// Module is the module that has the package, with the version that was meant; Sum is
	// what go.sum says of it.
	Module string `json:"module,omitempty"`
	Sum    string `json:"sum,omitempty"`

	// Descriptor is the component's metadata.json, nil for one that has none.
	Descriptor json.RawMessage `json:"descriptor,omitempty"`
}

// A TextError is a lock that can't be read, with the place in its text.
type TextError struct {
	// Offset is in bytes.
	Offset int
	// Reason says what is there.
	Reason string
}

// Error says why.
func (e *TextError) Error() string { return e.Reason }

// Parse reads a lock. Its error is a [*TextError].
func Parse(text []byte) (*File, error) {
	if at := conflict.FindIndex(text); at != nil {
		return nil, &TextError{at[0], "it has marks of a merge that nobody resolved"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	f := &File{}
	if err := d.Decode(f); err != nil {
		var early struct{ Version int }
		if json.Unmarshal(text, &early) == nil && early.Version > version {
			return nil, newer(early.Version)
		}
		return nil, textError(err, int(d.InputOffset()))
	}
	if d.More() {
		return nil, &TextError{int(d.InputOffset()), "something stands behind its end"}
	}
	switch {
	case f.Version > version:
		return nil, newer(f.Version)
	case f.Version != version:
		return nil, &TextError{0, fmt.Sprintf("its version is %d, and there is %d alone", f.Version, version)}
	}
	seen := map[string]bool{}
	for _, e := range f.Components {
		if e == nil {
			return nil, &TextError{0, "it has a component that is null"}
		}
		if why := e.wrong(); why != "" {
			return nil, &TextError{placeOf(text, e), why}
		}
		if seen[e.key()] {
			return nil, &TextError{placeOf(text, e), fmt.Sprintf("`%s` is there twice", e.Written())}
		}
		seen[e.key()] = true
	}
	return f, nil
}

// conflict are the marks that git leaves.
var conflict = regexp.MustCompile(`(?m)^(<<<<<<<|=======|>>>>>>>)`)

func newer(version int) error {
	return &TextError{0, fmt.Sprintf("it is of version %d, which a newer flowc wrote", version)}
}

// textError gives an error of the decoder its place.
func textError(err error, read int) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	reason := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.As(err, &syntax):
		return &TextError{int(syntax.Offset), reason}
	case errors.As(err, &kind):
		return &TextError{int(kind.Offset), fmt.Sprintf("`%s` can't be a %s", kind.Field, kind.Value)}
	}
	return &TextError{read, reason}
}

// placeOf is where an entry stands in the text, about.
func placeOf(text []byte, e *Entry) int {
	if word := e.Written(); word != "" {
		if quoted, err := json.Marshal(word); err == nil {
			return max(0, bytes.LastIndex(text, quoted))
		}
	}
	return 0
}

var (
	digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sum    = regexp.MustCompile(`^h1:[A-Za-z0-9+/]{43}=$`)
)

// wrong says why an entry can't be used, "" where it can.
func (e *Entry) wrong() string {
	switch {
	case (e.Reference == "") == (e.Go == ""):
		return "a component has either `reference` or `go`"
	case e.Go != "":
		at := strings.LastIndex(e.Module, "@")
		m, err := ParseModule(e.Go)
		switch {
		case err != nil:
			return fmt.Sprintf("`%s`: %v", e.Go, err)
		case m.Local():
			return fmt.Sprintf("`%s` is a folder, and is not pinned", e.Go)
		case e.Image != "" || e.Platforms != nil:
			return fmt.Sprintf("`%s` is a module, and has no image", e.Go)
		case at < 1 || at == len(e.Module)-1 || m.Package != e.Module[:at] && !strings.HasPrefix(m.Package, e.Module[:at]+"/"):
			return fmt.Sprintf("`module` of `%s` must be the module that has it, with its version", e.Go)
		case !sum.MatchString(e.Sum):
			return fmt.Sprintf("`sum` of `%s` is no sum of a module, which begins with h1:", e.Go)
		}
	default:
		repository, of, _ := strings.Cut(e.Image, "@")
		switch _, err := ParseReference(e.Reference); {
		case err != nil:
			return fmt.Sprintf("`%s`: %v", e.Reference, err)
		case e.Module != "" || e.Sum != "":
			return fmt.Sprintf("`%s` is an image, and has no module", e.Reference)
		case repository == "" || !digest.MatchString(of):
			return fmt.Sprintf("`image` of `%s` must have a digest: registry.example.com/%s@sha256:…", e.Reference, "org/name")
		case len(e.Platforms) == 0:
			return fmt.Sprintf("`platforms` of `%s` are missing", e.Reference)
		}
		for name, of := range e.Platforms {
			if !digest.MatchString(of) {
				return fmt.Sprintf("`%s` of `%s` has no digest of the form sha256:…", name, e.Reference)
			}
		}
	}
	if e.Descriptor != nil && !bytes.HasPrefix(bytes.TrimSpace(e.Descriptor), []byte("{")) {
		return fmt.Sprintf("the descriptor of `%s` is no JSON object", e.Written())
	}
	return ""
}

// Written is what pipelines write.
func (e *Entry) Written() string {
	if e.Go != "" {
		return e.Go
	}
	return e.Reference
}

func (e *Entry) key() string {
	if e.Go != "" {
		return "go " + e.Go
	}
	return "image " + e.Reference
}

// Repository and Digest are the two halves of Image.
func (e *Entry) Repository() string { r, _, _ := strings.Cut(e.Image, "@"); return r }

// Digest is what identifies the image.
func (e *Entry) Digest() string { _, d, _ := strings.Cut(e.Image, "@"); return d }

// Text is the lock as it is written: the same entries give the same bytes.
func (f *File) Text() ([]byte, error) {
	f.Version = version
	slices.SortFunc(f.Components, func(a, b *Entry) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	if f.Components == nil {
		f.Components = []*Entry{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(f)
	return b.Bytes(), err
}

func (e *Entry) sortKey() string {
	if e.Go != "" {
		return "1" + e.Go
	}
	return "0" + e.Reference
}

// Image finds what a reference of a registry means, nil for one that is not pinned.
func (f *File) Image(reference string) *Entry { return f.find(&Entry{Reference: reference}) }

// Module finds what a package with a version means, nil for one that is not pinned.
func (f *File) Module(reference string) *Entry { return f.find(&Entry{Go: reference}) }

func (f *File) find(wanted *Entry) *Entry {
	if f == nil {
		return nil
	}
	i := slices.IndexFunc(f.Components, func(e *Entry) bool { return e.key() == wanted.key() })
	if i < 0 {
		return nil
	}
	return f.Components[i]
}

// Put pins a reference; what it meant before is replaced, and returned.
func (f *File) Put(e *Entry) (before *Entry) {
	if before = f.find(e); before != nil {
		f.Drop(before)
	}
	f.Components = append(f.Components, e)
	return before
}

// Drop takes an entry out.
func (f *File) Drop(e *Entry) {
	f.Components = slices.DeleteFunc(f.Components, func(o *Entry) bool { return o == e })
}
