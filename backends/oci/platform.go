package oci

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Platform is an operating system and an architecture, in Go's words, which
// are those of images as well.
type Platform struct{ OS, Arch string }

// architectures are those that Go builds static programs of Linux for and that
// container engines know.
var architectures = []string{"386", "amd64", "arm", "arm64", "loong64", "ppc64le", "riscv64", "s390x"}

// ParsePlatform reads linux/amd64. A variant is accepted where it says what Go
// builds anyway: linux/arm64/v8, linux/arm/v7.
func ParsePlatform(s string) (Platform, error) {
	parts := strings.Split(s, "/")
	if len(parts) == 3 && (s == "linux/arm64/v8" || s == "linux/arm/v7") {
		parts = parts[:2]
	}
	switch {
	case len(parts) != 2:
		return Platform{}, fmt.Errorf("the platform %q is not of the form linux/amd64", s)
	case parts[0] != "linux":
		return Platform{}, fmt.Errorf("images are made for linux, not for %s: `flowc build --goos %s` makes a binary for it", parts[0], parts[0])
	case !slices.Contains(architectures, parts[1]):
		return Platform{}, fmt.Errorf("there is no architecture %q: there are %s", parts[1], strings.Join(architectures, ", "))
	}
	return Platform{parts[0], parts[1]}, nil
}

// String is the platform as it is written: linux/amd64.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Descriptor is the platform as an index names it.
func (p Platform) Descriptor() v1.Platform {
	d := v1.Platform{OS: p.OS, Architecture: p.Arch}
	if p.Arch == "arm" {
		d.Variant = "v7" // what Go builds unless told otherwise
	}
	return d
}
