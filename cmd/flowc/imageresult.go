package main

import (
	"fmt"
	"io"
	"path/filepath"
)

// An imageResult is what `flowc image` tells of what it made.
type imageResult struct {
	Reference string      `json:"reference"`
	Digest    string      `json:"digest"`
	Pinned    string      `json:"pinned"`
	Hash      string      `json:"hash"`
	Base      string      `json:"base,omitempty"`
	To        string      `json:"to"` // registry, file, engine or nowhere
	Where     string      `json:"where,omitempty"`
	SBOM      string      `json:"sbom"`
	Attached  bool        `json:"sbom_attached"`
	Platforms []imagePart `json:"platforms"`
	note      string      // for people
}

// An imagePart is the image of one platform; ID is what engines call it.
type imagePart struct {
	Platform    string `json:"platform"`
	Digest      string `json:"digest"`
	ID          string `json:"id"`
	Bytes       int64  `json:"bytes"`
	BinaryBytes int64  `json:"binary_bytes"`
}

// show prints what was made.
func (r imageResult) show(w io.Writer) {
	fmt.Fprintf(w, "%s  %s\n", r.Reference, r.Digest)
	for _, p := range r.Platforms {
		fmt.Fprintf(w, "  %-12s %s  %.1f MB (program %.1f MB)\n", p.Platform, p.Digest, float64(p.Bytes)/1e6, float64(p.BinaryBytes)/1e6)
	}
	if r.Base != "" {
		fmt.Fprintf(w, "  on           %s\n", r.Base)
	}
	switch r.To {
	case "registry":
		fmt.Fprintf(w, "pushed: %s\n", r.Pinned)
	case "file":
		fmt.Fprintf(w, "written to %s\n", filepath.ToSlash(r.Where))
	case "engine":
		fmt.Fprintf(w, "loaded into the engine at %s\n", r.Where)
	default:
		fmt.Fprintln(w, "kept nowhere: --push, --output FILE or --load say where it goes")
	}
	if r.note != "" {
		fmt.Fprintln(w, r.note)
	}
}
