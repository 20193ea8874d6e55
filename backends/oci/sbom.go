package oci

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// The modules that every program has a part of, or an image.
const (
	flowcModule = "github.com/flowc-dev/flowc"
	rootsModule = "golang.org/x/crypto/x509roots/fallback"
	// rootsVersion is that of go.mod, as a test demands: what a binary knows of
	// itself depends on how it was built, and an image must not.
	rootsVersion = "v0.0.0-20261030153154-30a33513ff6d"
)

// SBOM is the bill of materials of a program, as CycloneDX 1.6 in JSON: what the
// binary itself says of the modules in it, the Go that built it, and flowc's
// runtime; the same of its files, the programs that it starts. inImage adds what
// an image puts beside it. It has no time, and its serial number comes from the
// programs: the same program has the same bill.
func (s Spec) SBOM(p Program, inImage bool) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(p.Binary))
	if err != nil {
		return nil, fmt.Errorf("the program says nothing of how it was built: %w", err)
	}
	sum := sha256.Sum256(p.Binary)
	app := cdx.Component{
		Type: cdx.ComponentTypeApplication, Name: s.Pipeline, Version: s.Hash,
		BOMRef:     purl("generic", s.Pipeline, s.Hash),
		PackageURL: purl("generic", s.Pipeline, s.Hash),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		Properties: &[]cdx.Property{{Name: "dev.flowc:hash", Value: s.Hash}, {Name: "dev.flowc:platform", Value: p.Platform.String()}},
	}
	components := s.components(info, inImage)
	refs := make([]string, 0, len(components))
	for _, c := range components {
		refs = append(refs, c.BOMRef)
	}
	programs, libraries, depends := fileComponents(p.Files)
	for _, c := range programs {
		refs = append(refs, c.BOMRef)
	}
	components = sorted(append(append(components, programs...), libraries...))
	flowc := cdx.Component{Type: cdx.ComponentTypeApplication, Name: "flowc", Version: s.Version}
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(s, p, sum, inImage)
	bom.Metadata = &cdx.Metadata{Component: &app, Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{flowc}}}
	bom.Components = &components
	depends = append([]cdx.Dependency{{Ref: app.BOMRef, Dependencies: &refs}}, depends...)
	bom.Dependencies = &depends
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// components are the libraries in a program, sorted.
func (s Spec) components(info *debug.BuildInfo, inImage bool) []cdx.Component {
	carried := library(flowcModule, s.Version)
	carried.Description = "flowc's runtime, of which the program has a copy"
	all := append(goLibraries(info), carried)
	if inImage {
		certificates := library(rootsModule, rootsVersion)
		certificates.Type, certificates.Description = cdx.ComponentTypeData, "Mozilla's root certificates"
		all = append(all, certificates)
		if s.Base != nil {
			all = append(all, cdx.Component{
				Type: cdx.ComponentTypeContainer, Name: s.Base.Reference, Version: s.Base.Digest.String(), BOMRef: s.Base.Reference + "@" + s.Base.Digest.String(),
				Description: "the base of the image, whose content is not listed here",
				Hashes:      &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: s.Base.Digest.Hex}},
			})
		}
	}
	return sorted(all)
}

// sorted are components in the order of their names, each once.
func sorted(all []cdx.Component) []cdx.Component {
	slices.SortStableFunc(all, func(a, b cdx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	return slices.CompactFunc(all, func(a, b cdx.Component) bool { return a.BOMRef == b.BOMRef })
}

// goLibraries are the Go, the module and the modules that a binary was built of.
func goLibraries(info *debug.BuildInfo) []cdx.Component {
	goVersion, _, _ := strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	std := library("std", goVersion)
	std.Description = "the Go standard library and runtime"
	all := []cdx.Component{std}
	if main := info.Main; main.Path != "" && !strings.HasPrefix(main.Path, "flowc.local/") {
		all = append(all, ofModule(&main))
	}
	for _, m := range info.Deps {
		all = append(all, ofModule(m))
	}
	return all
}

// ofModule is a module that the binary names. One that is replaced is what it is
// replaced by; a folder has neither a version nor a sum.
func ofModule(m *debug.Module) cdx.Component {
	if r := m.Replace; r != nil && r.Version != "" {
		c := ofModule(r)
		c.Properties = &[]cdx.Property{{Name: "dev.flowc:replaces", Value: m.Path + "@" + m.Version}}
		return c
	} else if r != nil {
		c := library(m.Path, "")
		c.Properties = &[]cdx.Property{{Name: "dev.flowc:replaced", Value: "by a local folder"}}
		return c
	}
	version := m.Version
	if version == "(devel)" {
		version = ""
	}
	c := library(m.Path, version)
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == sha256.Size {
		// Go's own sum of the module's files, as the tools for Go write it here.
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	return c
}

// library is a Go module, with its licence where that is known.
func library(path, version string) cdx.Component {
	ref := purl("golang", path, version)
	return cdx.Component{Type: cdx.ComponentTypeLibrary, Name: path, Version: version, BOMRef: ref, PackageURL: ref, Scope: cdx.ScopeRequired, Licenses: licensed(licences[path])}
}

// purl is a package URL. Of Go's versions and paths only the + of +incompatible
// must be escaped.
func purl(kind, path, version string) string {
	u := "pkg:" + kind + "/" + strings.ReplaceAll(path, " ", "%20")
	if version != "" {
		u += "@" + strings.ReplaceAll(version, "+", "%2B")
	}
	return u
}

// serial is a UUID that the programs alone decide, of the version for such.
func serial(s Spec, p Program, sum [sha256.Size]byte, inImage bool) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%x\x00%v\x00%s", s.Pipeline, s.Hash, p.Platform, sum, inImage, s.Version)
	for _, f := range p.Files {
		fmt.Fprintf(h, "\x00%s\x00%x\x00%+v", f.Path, sha256.Sum256(f.Data), f.Origin)
	}
	if s.Base != nil {
		fmt.Fprintf(h, "\x00%s@%s", s.Base.Reference, s.Base.Digest)
	}
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
