package oci

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestParsePlatform(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64": "linux/amd64", "linux/arm64/v8": "linux/arm64", "linux/arm/v7": "linux/arm", "linux/riscv64": "linux/riscv64",
		"linux": "not of the form", "linux/arm/v6": "not of the form", "windows/amd64": "flowc build --goos windows", "linux/vax": "no architecture", "": "not of the form",
	} {
		p, err := ParsePlatform(in)
		if err == nil && p.String() != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
}

func TestParseReference(t *testing.T) {
	for in, want := range map[string]string{
		"orders": "orders:h", "orders:v1": "orders:v1", "r.example.com:5000/a/orders": "r.example.com:5000/a/orders:h", "r.example.com:5000/a/orders:v1": "r.example.com:5000/a/orders:v1",
		"localhost:5000/x": "localhost:5000/x:h",
		"Orders":           "no name of an image", "a@sha256:00": "digest", "": "no name", "a:b c": "no name",
	} {
		r, err := ParseReference(in, "h")
		if err == nil && r.String() != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", in, r, err)
		}
	}
	r, _ := ParseReference("r.example.com:5000/orders:v1", "h")
	if got := r.Pinned(v1.Hash{Algorithm: "sha256", Hex: "00"}); got != "r.example.com:5000/orders@sha256:00" {
		t.Error(got)
	}
}
