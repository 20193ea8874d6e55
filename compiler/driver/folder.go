package driver

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Folder is what the files of a folder say of components that flowc brings. A lock is that
// of a folder, whose files are pipelines, overlays and what they include, in any combination:
// so it is the files that are asked, and no single compile.
type Folder struct {
	// Named are the references, each as often as it is named, in the order of the files.
	Named []Named
	// Pipelines tells that one of the files is a pipeline at all.
	Pipelines bool
	// unread are the texts of files that are no pipelines by their names, and can't be read:
	// of another tool perhaps.
	unread []*source.File
}

// A Named is a reference where it stands; Registry is where that file says that it is.
type Named struct {
	Reference
	At       source.Span
	Registry string
}

// ReadFolder reads the files of a folder, and others that are laid over its pipelines. Of a
// pipeline that can't be read the diagnostics tell.
func ReadFolder(dir string, overlays []string) (*Folder, diag.List, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return nil, nil, err
	}
	r := &folderReader{dir: abs, folder: &Folder{}, seen: map[string]bool{}, registries: map[string]string{}}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json", ".cue"}, ext) {
			if err := r.read(filepath.Join(abs, e.Name()), "", isPipeline(e.Name())); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, o := range overlays {
		path, err := filepath.Abs(o)
		if err != nil {
			return nil, nil, err
		}
		if err := r.read(path, "", true); err != nil {
			return nil, nil, err
		}
	}
	for i, n := range r.folder.Named {
		if n.Registry == "" { // an overlay is of the registry of what it is laid over
			r.folder.Named[i].Registry = r.registries[underlying(n.At.File.Path)]
		}
	}
	return r.folder, r.list, nil
}

// isPipeline tells whether a file is a pipeline by its name, or an overlay of one.
func isPipeline(name string) bool {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	return stem == "pipeline" || strings.HasPrefix(stem, "pipeline.") || strings.HasSuffix(stem, ".flow")
}

// underlying is the file that one of an environment is laid over: pipeline.yaml for
// pipeline.prod.yaml.
func underlying(path string) string {
	ext := filepath.Ext(path)
	if strings.HasSuffix(path, suffix) {
		ext = suffix
	}
	stem := strings.TrimSuffix(path, ext)
	return strings.TrimSuffix(stem, filepath.Ext(stem)) + ext
}

// A folderReader reads the files of a folder, each once.
type folderReader struct {
	dir        string
	folder     *Folder
	list       diag.List
	seen       map[string]bool
	registries map[string]string
}

// read reads a file; registry is that of the one which includes it. One that must be read,
// and can't be, is told of.
func (r *folderReader) read(path, registry string, must bool) error {
	if r.seen[path] {
		return nil
	}
	r.seen[path] = true
	text, err := readLimited(path)
	if err != nil {
		return err
	}
	name := path
	if rel, err := filepath.Rel(r.dir, path); err == nil {
		name = filepath.ToSlash(rel)
	}
	file := source.NewFile(name, path, text)
	var list diag.List
	root := parse.File(file, parse.FormatOf(name), &list)
	if root == nil || list.HasErrors() {
		if must {
			r.list = append(r.list, list...)
		} else {
			r.folder.unread = append(r.folder.unread, file)
		}
		return nil
	}
	body := root
	if spec := root.Get("spec"); spec != nil { // flowctl's spelling
		body = spec
	}
	for _, n := range []*parse.Node{root.Get("registry"), body.Get("registry")} {
		if n != nil && n.Kind == parse.String {
			registry = n.Text
		}
	}
	r.registries[path] = registry
	for _, block := range []string{"sources", "processors", "sinks", "jobs"} { // jobs name none, and a file of them is a pipeline
		if nodes := body.Get(block); nodes != nil {
			r.folder.Pipelines = r.folder.Pipelines || nodes.Kind == parse.Sequence || nodes.Kind == parse.Mapping
			r.nodes(nodes, registry)
		}
	}
	for _, of := range []*parse.Node{root, body} {
		include := of.Get("include")
		if include == nil {
			continue
		}
		for _, one := range append([]*parse.Node{include}, include.Items...) {
			// One that is not there is an error of a compile.
			if err := r.include(one, registry); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func (r *folderReader) include(n *parse.Node, registry string) error {
	if n.Kind != parse.String || n.Text == "" {
		return nil
	}
	return r.read(filepath.Join(r.dir, filepath.FromSlash(n.Text)), registry, true)
}

// nodes finds the references of the nodes of a block, which are a list or have names.
func (r *folderReader) nodes(block *parse.Node, registry string) {
	all := slices.Clone(block.Items)
	for _, m := range block.Members {
		all = append(all, m.Value)
	}
	for _, n := range all {
		for _, key := range []string{"type", "go"} {
			v, inGo := n.Get(key), key == "go"
			if v == nil || v.Kind != parse.String || !inGo && !lock.IsReference(v.Text) {
				continue
			}
			if ref := (Reference{Text: v.Text, Go: inGo}); ref.valid() && !ref.Folder() {
				r.folder.Named = append(r.folder.Named, Named{Reference: ref, At: v.Place(), Registry: registry})
			}
		}
	}
}

// Names is the first place that names what an entry of a lock pins, "" where none does. A
// file that can't be read names what is in its text.
func (f *Folder) Names(e *lock.Entry) string {
	for _, n := range f.Named {
		if n.Text == e.Written() && n.Go == (e.Go != "") {
			return n.At.Place()
		}
	}
	for _, file := range f.unread {
		if bytes.Contains(file.Text, []byte(e.Written())) {
			return file.Name
		}
	}
	return ""
}

// Missing are the references that a lock lacks, each once.
func (f *Folder) Missing(l *lock.File) (all []Named) {
	for _, n := range f.Named {
		pinned := l.Image(n.Text)
		if n.Go {
			pinned = l.Module(n.Text)
		}
		if pinned == nil && !slices.ContainsFunc(all, func(o Named) bool { return o.Reference == n.Reference }) {
			all = append(all, n)
		}
	}
	slices.SortStableFunc(all, func(a, b Named) int { return cmp.Compare(a.Text, b.Text) })
	return all
}
