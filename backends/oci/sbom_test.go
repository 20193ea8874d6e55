package oci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// testProgram is this test itself: a program that knows how it was built.
func testProgram(t *testing.T) Program {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Program{Platform: Platform{"linux", "amd64"}, Binary: binary}
}

func TestSBOM(t *testing.T) {
	s := Spec{Pipeline: "orders", Hash: "0123456789abcdef", Version: "v1.2.3"}
	p := testProgram(t)
	text, err := s.SBOM(p, false)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.SBOM(p, false); err != nil || !bytes.Equal(text, again) {
		t.Errorf("the same program has another bill: %v", err)
	}
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion != cdx.SpecVersion1_6 || bom.Version != 1 || bom.Metadata.Timestamp != "" {
		t.Errorf("the head is %v %v %v %q", bom.BOMFormat, bom.SpecVersion, bom.Version, bom.Metadata.Timestamp)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bom.SerialNumber) {
		t.Error("the serial number is", bom.SerialNumber)
	}
	if c := bom.Metadata.Component; c.Name != "orders" || c.Version != s.Hash || c.Type != cdx.ComponentTypeApplication || (*c.Hashes)[0].Value != hashOf(p.Binary).Hex {
		t.Errorf("the subject is %+v", c)
	}
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if c.Name == "" || c.Type == "" || c.BOMRef == "" || refs[c.BOMRef] {
			t.Errorf("%+v", c)
		}
		refs[c.BOMRef] = true
	}
	for _, d := range *bom.Dependencies {
		for _, ref := range append(*d.Dependencies, d.Ref) {
			if !refs[ref] {
				t.Errorf("%s is not among the components", ref)
			}
		}
	}
	other := s
	other.Hash = "1"
	if text, _ := other.SBOM(p, false); bytes.Contains(text, []byte(bom.SerialNumber)) {
		t.Error("another program has the same serial number")
	}
	if _, err := s.SBOM(Program{Binary: []byte("x")}, false); err == nil {
		t.Error("what is no program has a bill")
	}
}

func TestComponents(t *testing.T) {
	sum := "h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	info := &debug.BuildInfo{GoVersion: "go1.26.8 X:jsonv2", Main: debug.Module{Path: "example.com/shop", Version: "(devel)"}, Deps: []*debug.Module{
		{Path: "github.com/klauspost/compress", Version: "v1.20.4", Sum: sum},
		{Path: "example.com/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/new", Version: "v2.0.0+incompatible", Sum: sum}},
		{Path: "example.com/here", Version: "v1.0.0", Replace: &debug.Module{Path: "/home/somebody/here"}},
	}}
	s := Spec{Version: "v1.2.3", Base: &Base{Reference: "example.com/base:1", Digest: v1.Hash{Algorithm: "sha256", Hex: "00"}}}
	var got []string
	for _, c := range s.components(info, true) {
		line := c.BOMRef
		if c.Licenses != nil {
			l := (*c.Licenses)[0]
			if l.License != nil {
				line += " " + l.License.ID
			}
			line += l.Expression
		}
		if c.Hashes != nil {
			line += " " + (*c.Hashes)[0].Value
		}
		if c.Properties != nil {
			line += " " + (*c.Properties)[0].Value
		}
		got = append(got, line)
	}
	hex := "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	want := []string{
		"example.com/base:1@sha256:00 00",
		"pkg:golang/example.com/here by a local folder",
		"pkg:golang/example.com/new@v2.0.0%2Bincompatible " + hex + " example.com/old@v1.0.0",
		"pkg:golang/example.com/shop",
		"pkg:golang/github.com/flowc-dev/flowc@v1.2.3 Apache-2.0",
		"pkg:golang/github.com/klauspost/compress@v1.20.4Apache-2.0 AND BSD-3-Clause AND MIT " + hex,
		"pkg:golang/golang.org/x/crypto/x509roots/fallback@" + rootsVersion + " BSD-3-Clause",
		"pkg:golang/std@1.26.8 BSD-3-Clause",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the components are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(s.components(info, false)); n != len(want)-2 {
		t.Errorf("a program alone has %d components", n)
	}
}

// A bill has the programs that a program starts: those in Go with their modules, others by
// their digests.
func TestSBOMOfFiles(t *testing.T) {
	s := Spec{Pipeline: "orders", Hash: "0123456789abcdef", Version: "v1.2.3"}
	p := testProgram(t)
	alone, err := s.SBOM(p, false)
	if err != nil {
		t.Fatal(err)
	}
	p.Files = []File{
		{Path: "/components/transfers-1", Data: p.Binary, Origin: Origin{Reference: "github.com/flowc-dev/flowc/cmd/transfers@main", Module: flowcModule + "@v9.0.0", Package: "cmd/transfers", Version: "v9.0.0", Sum: "h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}},
		{Path: "/components/ledgers-2", Data: []byte("#!/bin/sh"), Origin: Origin{Reference: "acme/ledgers@v1", Image: "localhost:5000/acme/ledgers@sha256:00", Tag: "v1", Version: "v1.0.0", License: "MIT"}},
		{Path: "/components/bin/own", Data: []byte("#!/bin/bash")},
	}
	text, err := s.SBOM(p, false)
	if err != nil {
		t.Fatal(err)
	}
	bom, before := new(cdx.BOM), new(cdx.BOM)
	for b, text := range map[*cdx.BOM][]byte{bom: text, before: alone} {
		if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(b); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		if _, twice := found[c.BOMRef]; twice {
			t.Error(c.BOMRef, "is there twice")
		}
		found[c.BOMRef] = c
	}
	transfers, ledgers, own := found["component:components/transfers-1"], found["component:components/ledgers-2"], found["component:components/bin/own"]
	if transfers.Type != cdx.ComponentTypeApplication || transfers.PackageURL != "pkg:golang/github.com/flowc-dev/flowc@v9.0.0#cmd/transfers" || (*transfers.Hashes)[0].Value != hashOf(p.Binary).Hex {
		t.Errorf("%+v", transfers)
	}
	if ledgers.Type != cdx.ComponentTypeFile || ledgers.PackageURL != "pkg:oci/ledgers@sha256%3A00?repository_url=localhost%3A5000/acme/ledgers&tag=v1" || (*ledgers.Licenses)[0].License.ID != "MIT" || (*ledgers.Hashes)[0].Value != hashOf([]byte("#!/bin/sh")).Hex {
		t.Errorf("%+v", ledgers)
	}
	if own.PackageURL != "" || own.Hashes == nil {
		t.Errorf("%+v", own)
	}
	if c := found["pkg:golang/"+flowcModule+"@v9.0.0"]; c.Hashes == nil {
		t.Error("the module of a component is not there, with its sum")
	}
	for _, d := range *bom.Dependencies {
		for _, ref := range append(*d.Dependencies, d.Ref) {
			if _, ok := found[ref]; !ok && ref != bom.Metadata.Component.BOMRef {
				t.Errorf("%s is not among the components", ref)
			}
		}
		if d.Ref == transfers.BOMRef && !slices.Contains(*d.Dependencies, "pkg:golang/"+flowcModule+"@v9.0.0") {
			t.Errorf("the program of a component is of %q", *d.Dependencies)
		}
	}
	if bom.SerialNumber == before.SerialNumber || len(*bom.Dependencies) != 2 {
		t.Error("the serial number is", bom.SerialNumber, "with", len(*bom.Dependencies), "dependencies")
	}
}

// The licences are those of the files that come with the modules.
func TestLicences(t *testing.T) {
	says := map[string]string{ // a sentence that only this licence has
		"MIT": "Permission is hereby granted, free of charge", "Apache-2.0": "Apache License", "BSD-2-Clause": "Redistributions in binary form must reproduce",
		"BSD-3-Clause": "endorse or promote",
	}
	paths := []string{rootsModule}
	for _, m := range catalog.Modules {
		paths = append(paths, m.Path)
	}
	out, err := exec.Command("go", append([]string{"list", "-m", "-f", "{{.Path}} {{.Dir}}"}, paths...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		dirs[path] = dir
	}
	for _, path := range paths {
		if licences[path] == "" {
			t.Errorf("there is no licence of %s", path)
			continue
		}
		dir := dirs[path]
		if dir == "" {
			t.Logf("%s is not in the module cache", path)
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "LICENSE"))
		if err != nil {
			t.Error(err)
			continue
		}
		flat := strings.Join(strings.Fields(string(text)), " ")
		for _, l := range strings.Split(licences[path], " AND ") {
			if says[l] == "" || !strings.Contains(flat, says[l]) {
				t.Errorf("the licence of %s does not read like %s", path, l)
			}
		}
		if licences[path] == "BSD-2-Clause" && strings.Contains(flat, says["BSD-3-Clause"]) {
			t.Errorf("the licence of %s is that of three clauses", path)
		}
	}
}

// The version that images say of their certificates is the one that is linked.
func TestRootsVersion(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", rootsModule).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != rootsVersion {
		t.Errorf("go.mod has %s %s (%v), and sbom.go says %s", rootsModule, got, err, rootsVersion)
	}
}

func TestRoots(t *testing.T) {
	if !bytes.Equal(roots(), roots()) {
		t.Error("the certificates have no order")
	}
}
