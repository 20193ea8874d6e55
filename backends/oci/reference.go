package oci

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Reference is the name of an image with its tag.
type Reference struct {
	// Tag is what registries are asked for.
	Tag name.Tag
	// repository is the name without the tag, as it was given.
	repository string
}

// ParseReference reads REPOSITORY or REPOSITORY:TAG; without a tag it gets the
// given one.
func ParseReference(given, tag string) (Reference, error) {
	if strings.Contains(given, "@") {
		return Reference{}, fmt.Errorf("%s has a digest, and an image has its digest when it is made: give a name, or a name and a tag", given)
	}
	repository := given
	if colon := strings.LastIndex(given, ":"); colon > strings.LastIndex(given, "/") {
		repository, tag = given[:colon], given[colon+1:]
	}
	t, err := name.NewTag(repository + ":" + tag)
	if err != nil {
		return Reference{}, fmt.Errorf("%s is no name of an image: %w", given, err)
	}
	return Reference{Tag: t, repository: repository}, nil
}

// WithTag is the same name with another tag.
func (r Reference) WithTag(tag string) (Reference, error) {
	return ParseReference(r.repository+":"+tag, "")
}

// String is the name and the tag, as a manifest would have it.
func (r Reference) String() string { return r.repository + ":" + r.Tag.TagStr() }

// Pinned is the name with the digest: what always means the same image.
func (r Reference) Pinned(digest v1.Hash) string { return r.repository + "@" + digest.String() }

// Registry is the host that has it.
func (r Reference) Registry() string { return r.Tag.RegistryStr() }
