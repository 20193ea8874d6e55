package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/components"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
)

type componentsPublishCmd struct {
	Reference string   `arg:"" help:"Its name and tag: org/name@v1.0.0, or host/org/name@v1.0.0."`
	Binary    []string `help:"Its program, with the platform that it is for: linux/amd64=./ttp. Without a platform the file says it." placeholder:"[PLATFORM=]FILE" sep:"none"`
	Go        string   `name:"go" help:"Build its program from this folder of Go, for each platform." placeholder:"DIR"`
	Platform  []string `help:"What --go builds for: linux/amd64,linux/arm64 unless it says otherwise." placeholder:"PLATFORM"`
	Metadata  string   `help:"Its descriptor. Without: metadata.json of the folder of --go, or of this one." placeholder:"FILE"`
	Registry  string   `help:"Where references without a host are; FLOWC_REGISTRY says it for all." placeholder:"REGISTRY"`
	DryRun    bool     `help:"Make the image, and push nothing."`
}

type publishResult struct {
	Reference string   `json:"reference"`
	Image     string   `json:"image"`
	Platforms []string `json:"platforms"`
	Pushed    bool     `json:"pushed"`
	Notes     []string `json:"notes,omitempty"`
}

// Run makes the image and pushes it. The same files give the same digest.
func (c *componentsPublishCmd) Run(a *app) error {
	ref, err := lock.ParseReference(c.Reference)
	switch {
	case err != nil:
		return usage(fmt.Errorf("%s is no reference of a component: %w", c.Reference, err))
	case ref.Tag == "":
		return usage(fmt.Errorf("%s has a digest, and an image has its digest when it is made: give it a tag", c.Reference))
	}
	b, err := a.bringer(c.Registry, "")
	if err != nil {
		return err
	}
	repository := ref.Repository(b.Registry)
	to, err := oci.ParseReference(repository+":"+ref.Tag, "")
	if err != nil {
		return usage(err)
	}
	text, d, err := c.descriptor()
	if err != nil {
		return err
	}
	all, err := c.programs(a, b)
	if err != nil {
		return err
	}
	image, err := oci.NewComponent(oci.ComponentSpec{Name: cmp.Or(d.Name, ref.Path), Version: cmp.Or(d.Version, ref.Tag), License: d.License, Descriptor: text, Programs: all})
	if err != nil {
		return environment(err)
	}
	res := publishResult{Reference: c.Reference, Image: repository + "@" + image.Digest.String(), Notes: components.Disagreements(&lock.Entry{Reference: c.Reference}, d)}
	meant := lock.Misspelt(text, diag.Nearest)
	for _, key := range slices.Sorted(maps.Keys(meant)) {
		res.Notes = append(res.Notes, fmt.Sprintf("%q of its metadata.json is no key: did you mean %q?", key, meant[key]))
	}
	for _, p := range all {
		res.Platforms = append(res.Platforms, p.Platform.String())
	}
	if !c.DryRun {
		if before := live.Meant(a.ctx, to); before != "" && before != image.Digest.String() {
			res.Notes = append(res.Notes, fmt.Sprintf("%s meant %s before; pipelines that have pinned it stay there until they are updated", c.Reference, before))
		}
		if err := live.PushComponent(a.ctx, to, image); err != nil {
			return environment(err)
		}
		res.Pushed = true
	}
	verb := "pushed"
	if c.DryRun {
		verb = "made"
	}
	return a.answer(verb+" "+res.Image, res, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s for %s\n", verb, res.Image, strings.Join(res.Platforms, ", "))
		for _, n := range res.Notes {
			fmt.Fprintf(w, "note: %s\n", n)
		}
		fmt.Fprintf(w, "\n%s", components.Node(&lock.Entry{Reference: c.Reference, Image: res.Image, Descriptor: text}))
	})
}

// descriptor reads the component's metadata.json, which it must have: without it nothing of
// a pipeline with it could be checked.
func (c *componentsPublishCmd) descriptor() ([]byte, *lock.Descriptor, error) {
	file := cmp.Or(c.Metadata, filepath.Join(c.Go, "metadata.json"))
	if c.Go != "" && !isFolder(c.Go) {
		return nil, nil, usage(fmt.Errorf("--go %s: there is no such folder", c.Go))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, environment(fmt.Errorf("a component has a descriptor, which says what it takes and gives: %w (--metadata names it)", err))
	}
	d, err := lock.ParseDescriptor(text)
	switch {
	case err != nil:
		return nil, nil, environment(fmt.Errorf("%s is no descriptor of a component: %w", file, err))
	case d.Role() == "" && d.Type != "":
		return nil, nil, environment(fmt.Errorf("%s says that the component is a %q, which is none: \"type\": \"source\", \"processor\" or \"sink\"", file, d.Type))
	case d.Role() == "":
		return nil, nil, environment(fmt.Errorf("%s does not say what the component is: \"type\": \"source\", \"processor\" or \"sink\"", file))
	}
	return text, d, nil
}

// programs are those of the platforms, in the order of their names.
func (c *componentsPublishCmd) programs(a *app, b components.Bringer) (all []oci.Program, err error) {
	switch {
	case c.Go != "" && len(c.Binary) > 0:
		return nil, usage(errors.New("--go builds the program, and --binary names it: give one of them"))
	case c.Go == "" && len(c.Binary) == 0:
		return nil, usage(errors.New("name the program, --binary linux/amd64=./FILE, or its folder of Go, --go DIR"))
	case c.Go == "" && len(c.Platform) > 0:
		return nil, usage(errors.New("--platform is what --go builds for; of a file say --binary PLATFORM=FILE"))
	}
	if c.Go != "" {
		all, err = c.build(a, b)
	} else {
		all, err = c.files()
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y oci.Program) int { return strings.Compare(x.Platform.String(), y.Platform.String()) })
	for i := 1; i < len(all); i++ {
		if all[i].Platform == all[i-1].Platform {
			return nil, usage(fmt.Errorf("there are two programs for %s", all[i].Platform))
		}
	}
	return all, nil
}

// build builds a folder of Go.
func (c *componentsPublishCmd) build(a *app, b components.Bringer) (all []oci.Program, err error) {
	names := c.Platform
	if len(names) == 0 {
		names = []string{"linux/amd64", "linux/arm64"}
	}
	dir, err := filepath.Abs(c.Go)
	if err != nil {
		return nil, environment(err)
	}
	for _, name := range names {
		p, err := componentPlatform(name)
		if err != nil {
			return nil, usage(err)
		}
		file, err := b.Folder(a.ctx, dir, p)
		if err != nil {
			return nil, a.bringError(fmt.Errorf("%s: %w", name, err))
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, environment(err)
		}
		all = append(all, oci.Program{Platform: p, Binary: data})
	}
	return all, nil
}

// files reads the programs that were named.
func (c *componentsPublishCmd) files() (all []oci.Program, err error) {
	for _, arg := range c.Binary {
		name, file, given := strings.Cut(arg, "=")
		if !given {
			name, file = "", arg
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, environment(err)
		}
		is, program := platformOf(data)
		if !given {
			if !program {
				return nil, usage(fmt.Errorf("%s does not say which platform it is for: --binary linux/amd64=%s", file, file))
			}
			name = is
		}
		p, err := componentPlatform(name)
		switch {
		case err != nil:
			return nil, usage(err)
		case program && is != p.String():
			return nil, usage(fmt.Errorf("%s is a program for %s, and not for %s", file, is, p))
		case p.OS == "linux" && !program:
			return nil, usage(fmt.Errorf("%s is no program of Linux, and the image has nothing that could run it: build one, static (CGO_ENABLED=0)", file))
		case program && interpreted(data):
			return nil, usage(fmt.Errorf("%s needs libraries, and the image has none: build it static (CGO_ENABLED=0)", file))
		}
		all = append(all, oci.Program{Platform: p, Binary: data})
	}
	return all, nil
}

// componentPlatform reads a platform. Those that are not Linux run where pipelines run
// without containers.
func componentPlatform(name string) (oci.Platform, error) {
	if os, arch, ok := strings.Cut(name, "/"); ok && (os == "darwin" || os == "windows") && (arch == "amd64" || arch == "arm64") {
		return oci.Platform{OS: os, Arch: arch}, nil
	}
	return oci.ParsePlatform(name)
}

// platformOf is the platform of a program of Linux, by its head.
func platformOf(data []byte) (string, bool) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return "", false
	}
	for arch, machine := range machines {
		if machine == f.Machine && (arch != "ppc64le" || f.ByteOrder.String() == "LittleEndian") {
			return "linux/" + arch, true
		}
	}
	return "linux/" + strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_")), true
}

// interpreted tells whether a program needs a loader, and so libraries.
func interpreted(data []byte) bool {
	f, err := elf.NewFile(bytes.NewReader(data))
	return err == nil && slices.ContainsFunc(f.Progs, func(s *elf.Prog) bool { return s.Type == elf.PT_INTERP })
}
