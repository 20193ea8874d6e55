package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A builder makes the objects of one program.
type builder struct {
	p      *ir.Program
	o      *options
	given  manifest.Given
	app    *manifest.App
	layout backends.Layout
	// name is that of the objects; kind the workload that was chosen.
	name string
	kind kind
	// labels and annotations are on all objects; selector picks the pods.
	labels, annotations, selector map[string]string
	// secrets are what must be there before the objects are applied.
	secrets []secretKey
	// notes are what a reader of the objects should know.
	notes []string
	// files are those whose content the options hold, by key of their ConfigMap.
	files   map[string]string
	objects []object
	list    diag.List
}

// A secretKey is a key of a Secret that the program needs, and what for.
type secretKey struct{ secret, key, is string }

// build makes the objects, or the diagnostics that say why not.
func build(p *ir.Program, o backends.Options, l backends.Layout) (*builder, error) {
	opts, err := decode(o)
	if err != nil {
		return nil, err
	}
	b := &builder{p: p, o: opts, layout: l, name: baseName(p.Name)}
	b.read()
	b.names()
	b.choose()
	b.copies()
	b.namespace()
	b.account()
	template := b.template()
	b.contents(template)
	b.volumes()
	b.services()
	b.workload(template)
	b.disruption()
	b.scale()
	b.network()
	b.monitor()
	if b.list.HasErrors() {
		return b, nil
	}
	b.overlay()
	b.nameJob()
	return b, nil
}

// read asks for what every target must know of the program.
func (b *builder) read() {
	given := manifest.Given{Image: b.layout.Image, Env: b.o.Env, Placed: func(path string) bool {
		_, ok := b.o.Files[path]
		return ok
	}}
	if given.Image == "" {
		given.Image = b.o.Image
	}
	if b.o.Memory != "" {
		size, ok := quantityOf(string(b.o.Memory))
		if !ok || size < 16<<20 {
			b.list.Errorf(diag.BadValue, b.at("memory"), "`%s` is no size that a program could run in", b.o.Memory).Helpf("write `memory: 256MiB`")
		}
		given.Memory = size
	}
	files := b.secretFiles()
	for name := range b.o.Secrets {
		if files[name] {
			continue
		}
		if _, ok := b.o.Env[name]; ok {
			b.list.Errorf(diag.TargetEnv, b.at("env."+name), "`%s` has a value in `env`, and a Secret in `secrets`", name).Helpf("take one of them away")
		}
		if why := validation.IsCIdentifier(name); why != nil {
			b.list.Errorf(diag.TargetEnv, b.at("secrets."+name), "`%s` is neither the name of a variable nor a file that the pipeline reads by `${file:…}`", name).Near(name, slices.Sorted(maps.Keys(files)))
			continue
		}
		given.Secrets = append(given.Secrets, name)
	}
	slices.Sort(given.Secrets)
	app, list := manifest.Of(b.p, target, given)
	b.app, b.given = app, given
	b.list = append(b.list, list...)
	for name := range b.o.Files {
		if !slices.ContainsFunc(app.Inputs, func(in manifest.Input) bool { return in.Path == name }) {
			var read []string
			for _, in := range app.Inputs {
				read = append(read, in.Path)
			}
			d := b.list.Errorf(diag.TargetFile, b.at("files."+name), "the pipeline reads no file `%s`", name)
			if !d.Near(name, read) && len(read) > 0 {
				d.Notef("it reads %s", strings.Join(read, ", "))
			}
		}
	}
}

// secretFiles are the names by which `secrets` may have the files of `${file:…}`.
func (b *builder) secretFiles() map[string]bool {
	files := map[string]bool{}
	app, _ := manifest.Of(b.p, target, manifest.Given{})
	for _, f := range app.SecretFiles {
		files[f.Name], files[f.Path] = true, true
	}
	return files
}

// at is where an option stands, or the one above it that does.
func (b *builder) at(path string) source.Span {
	full := target + "." + path
	for {
		if span, ok := b.p.TargetSpans[full]; ok {
			return span
		}
		cut := strings.LastIndexByte(full, '.')
		if cut < 0 {
			return source.Span{}
		}
		full = full[:cut]
	}
}

// meta is the metadata of an object.
func (b *builder) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: b.o.Namespace, Labels: maps.Clone(b.labels), Annotations: maps.Clone(b.annotations)}
}

// quantityOf reads a size in the words of the pipeline or of Kubernetes.
func quantityOf(text string) (int64, bool) {
	if size, ok := catalog.ParseSize(text); ok {
		return size, true
	}
	q, err := resource.ParseQuantity(text)
	return q.Value(), err == nil
}

// bytesOf is a quantity of bytes, in the largest unit that divides it.
func bytesOf(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.BinarySI) }

// note keeps a sentence for whoever reads the objects.
func (b *builder) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}
