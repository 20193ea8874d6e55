package lock

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// DefaultRegistry is where references without a host are, and DefaultOrg whose those are
// that name nobody: the public components.
const (
	DefaultRegistry = "docker.io"
	DefaultOrg      = "withobsrvr"
)

// A Reference is the name of a component in a registry: org/name@tag. Its tag may be
// anything that registries take, or a digest.
type Reference struct {
	// Host is the registry, "" for the one that is asked by default.
	Host string
	// Path is the rest of the name: org/name, or name.
	Path string
	// Tag or Digest is what follows the @.
	Tag, Digest string
}

var (
	segment = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$`)
	tagForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	host    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?$`)
)

// IsReference tells whether a text means to be a reference.
func IsReference(text string) bool { return strings.Contains(text, "@") }

// ParseReference reads org/name@tag, name@tag or host/org/name@tag. Its error is a
// sentence without the reference.
func ParseReference(text string) (Reference, error) {
	name, tag, ok := strings.Cut(text, "@")
	switch {
	case strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"), name == ".":
		return Reference{}, fmt.Errorf("it is a folder, and one of Go is named in the pipeline, `go: %s`, and built as it is", name)
	case !ok && tagAt(name) > 0:
		return Reference{}, fmt.Errorf("a tag stands behind an @: %s@%s", name[:tagAt(name)], name[tagAt(name)+1:])
	case !ok || tag == "":
		return Reference{}, fmt.Errorf("a reference ends with a tag: %s@v1.0.0", cmp.Or(name, "org/name"))
	case name == "":
		return Reference{}, errors.New("a reference begins with a name: org/name@v1.0.0")
	}
	r := Reference{Path: name}
	if first, rest, more := strings.Cut(name, "/"); more && (strings.ContainsAny(first, ".:") || first == "localhost") {
		r.Host, r.Path = first, rest
		if !host.MatchString(first) {
			return Reference{}, fmt.Errorf("%q is no host of a registry", first)
		}
	}
	for part := range strings.SplitSeq(r.Path, "/") {
		if !segment.MatchString(part) {
			if segment.MatchString(strings.ToLower(part)) {
				return Reference{}, fmt.Errorf("names in registries are in small letters: %s", strings.ToLower(part))
			}
			return Reference{}, fmt.Errorf("%q can't be in the name of a component: small letters and digits, with one of . _ - between", part)
		}
	}
	switch {
	case digest.MatchString(tag):
		r.Digest = tag
	case strings.Contains(tag, ":"):
		return Reference{}, errors.New("a digest is sha256: and 64 digits")
	case !tagForm.MatchString(tag):
		return Reference{}, fmt.Errorf("%q can't be a tag: letters, digits and . _ -, at most 128", tag)
	default:
		r.Tag = tag
	}
	return r, nil
}

// tagAt is where a name has a tag as images write it, host:5000/org/name:v1; 0 for none.
func tagAt(name string) int {
	at := strings.LastIndex(name, ":")
	if at < 0 || strings.Contains(name[at:], "/") {
		return 0
	}
	return at
}

// Repository is where the reference is, in a registry (HOST or HOST/PREFIX, "" for the
// default one) unless it names its own.
func (r Reference) Repository(registry string) string {
	switch {
	case r.Host != "":
		return r.Host + "/" + r.Path
	case registry == "" || registry == DefaultRegistry:
		if !strings.Contains(r.Path, "/") {
			return DefaultRegistry + "/" + DefaultOrg + "/" + r.Path
		}
		return DefaultRegistry + "/" + r.Path
	}
	return strings.TrimSuffix(registry, "/") + "/" + r.Path
}

// A Module is a program in Go by its package: example.com/mod/cmd/ttp@v1.2.3, or a folder,
// ./ttp.
type Module struct {
	// Package is the path of the package, or of the folder.
	Package string
	// Version is what follows the @, "" for a folder.
	Version string
}

// Local tells that it is a folder beside the pipeline.
func (m Module) Local() bool { return m.Version == "" }

var packagePath = regexp.MustCompile(`^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~+-]+)*$`)

// ParseModule reads what stands under `go`. Its error is a sentence without the text.
func ParseModule(text string) (Module, error) {
	name, version, versioned := strings.Cut(text, "@")
	local := name == "." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
	switch {
	case local && versioned:
		return Module{}, errors.New("a folder has no version: it is built as it is")
	case local:
		return Module{Package: path.Clean(name)}, nil
	case !versioned || version == "":
		return Module{}, errors.New("a package has a version, example.com/mod/cmd/name@v1.2.3, and a folder begins with ./")
	case !packagePath.MatchString(name) || !strings.Contains(strings.Split(name, "/")[0], "."):
		return Module{}, fmt.Errorf("%q is no path of a package: it begins with a host, example.com/mod/cmd/name", name)
	case strings.ContainsAny(version, "@ \t/\\"):
		return Module{}, fmt.Errorf("%q is no version of a module", version)
	}
	return Module{Package: name, Version: version}, nil
}

// FilePrefix begins the command of a component that flowc has brought: it lies where the
// program finds such files, and not beside the pipeline.
const FilePrefix = "@components/"

// File is the name under which the program of a component is found: that of the component,
// and enough of the digest to mean this one for ever.
func (e *Entry) File() string {
	if e.Go != "" {
		m, _ := ParseModule(e.Go)
		return fileName(m.Package, e.Sum+" "+m.Package)
	}
	r, _ := ParseReference(e.Reference)
	return fileName(r.Path, e.Image)
}

// LocalFile is that of a program whose folder is beside the pipeline: it may be another one
// each time.
func LocalFile(m Module) string { return fileName(m.Package, m.Package) }

// UnpinnedFile is that of a reference which nobody has pinned yet.
func UnpinnedFile(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	return fileName(name, reference)
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

func fileName(of, identity string) string {
	base := path.Base(of)
	if majorVersion.MatchString(base) && path.Dir(of) != "." { // example.com/ttp/v2 is called ttp, as by Go
		base = path.Base(path.Dir(of))
	}
	if strings.Trim(base, "./") == "" {
		base = "component"
	}
	sum := sha256.Sum256([]byte(identity))
	return base + "-" + hex.EncodeToString(sum[:])[:12]
}
