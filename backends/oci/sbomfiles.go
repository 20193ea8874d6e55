package oci

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"path"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// An Origin says where the program of a component comes from.
type Origin struct {
	// Reference is what the pipeline writes, "" for a file beside it.
	Reference string
	// Image is the image that has it, with its digest; Tag what the reference calls that.
	Image, Tag string
	// Module is the module that has it, with its version; Package the package in it, and Sum
	// what go.sum says of the module.
	Module, Package, Sum string
	// Version and License are what it says of itself; the licence in the words of SPDX.
	Version, License string
}

// url is the package URL of what has it, "" for a file beside the pipeline.
func (o Origin) url() string {
	if module, version, ok := strings.Cut(o.Module, "@"); ok {
		u := purl("golang", module, version)
		if o.Package != "" {
			u += "#" + o.Package
		}
		return u
	}
	repository, digest, ok := strings.Cut(o.Image, "@")
	if !ok {
		return ""
	}
	u := purl("oci", path.Base(repository), strings.ReplaceAll(digest, ":", "%3A")) + "?repository_url=" + strings.ReplaceAll(repository, ":", "%3A")
	if o.Tag != "" {
		u += "&tag=" + o.Tag
	}
	return u
}

// fileComponents are the programs that a program starts, and the libraries in them: what the
// binary says, where it is one of Go. depends has, by the program, what is in it.
func fileComponents(files []File) (programs, libraries []cdx.Component, depends []cdx.Dependency) {
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		c := cdx.Component{
			Type: cdx.ComponentTypeFile, Name: path.Base(f.Path), Version: f.Origin.Version, BOMRef: "component:" + strings.TrimPrefix(f.Path, "/"), PackageURL: f.Origin.url(),
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		}
		if f.Origin.Reference != "" {
			c.Properties = &[]cdx.Property{{Name: "dev.flowc:reference", Value: f.Origin.Reference}}
		}
		c.Licenses = licensed(f.Origin.License)
		info, err := buildinfo.Read(bytes.NewReader(f.Data))
		if err != nil {
			c.Description = "a component that the program starts; it says nothing of what is in it"
			programs = append(programs, c)
			continue
		}
		c.Type, c.Description = cdx.ComponentTypeApplication, "a component in Go that the program starts"
		if module, version, _ := strings.Cut(f.Origin.Module, "@"); module == info.Main.Path && module != "" {
			info.Main.Version, info.Main.Sum = version, f.Origin.Sum // a build of a folder knows neither
		}
		within := goLibraries(info)
		refs := make([]string, 0, len(within))
		for _, l := range within {
			refs = append(refs, l.BOMRef)
		}
		programs, libraries = append(programs, c), append(libraries, within...)
		depends = append(depends, cdx.Dependency{Ref: c.BOMRef, Dependencies: &refs})
	}
	return programs, libraries, depends
}

// licensed is a licence, or an expression of several, as the bill has it; nil for none.
func licensed(text string) *cdx.Licenses {
	switch {
	case text == "":
		return nil
	case strings.Contains(text, " "):
		return &cdx.Licenses{{Expression: text}}
	}
	return &cdx.Licenses{{License: &cdx.License{ID: text}}}
}
