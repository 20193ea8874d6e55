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

// A builder makes the objects of one process of a pipeline, or of all of it where it
// runs in one.
type builder struct {
	p      *ir.Program
	o      *options
	given  manifest.Given
	app    *manifest.App
	layout backends.Layout
	// pipeline is the name that all processes have in theirs, name that of the objects.
	pipeline, name string
	// replica is the number of a copy that has a workload to itself, "" for all others.
	replica string
	kind    kind
	broker  *broker // of the pipeline, nil for none
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

// build makes the objects behind those that are there, or the diagnostics that say why
// not; the names are known.
func (b *builder) build() {
	b.checkOptions()
	b.choose()
	b.copies()
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
}

// read asks for what every target must know of the program; files are the names of the
// files of secrets that any process of the pipeline reads.
func (b *builder) read(part manifest.Part, files map[string]bool) {
	given := manifest.Given{Image: b.layout.Image, Env: b.o.Env, Beside: true, Placed: func(path string) bool {
		_, ok := b.o.Files[path]
		return ok
	}, Place: "{configMap: NAME}", Files: slices.Sorted(maps.Keys(b.o.Files)), Keeps: b.o.Storage != "", Ends: b.o.As == asJob || b.o.As == asCronJob || b.o.Schedule != ""}
	if given.Image == "" {
		given.Image = b.o.Image
	}
	if b.broker != nil {
		given.Env = b.broker.given(b.o.Env)
	}
	if b.o.Memory != "" {
		given.Memory, _ = quantityOf(string(b.o.Memory))
	}
	for name := range b.o.Secrets {
		if _, twice := b.o.Env[name]; !twice && !files[name] && validation.IsCIdentifier(name) == nil {
			given.Secrets = append(given.Secrets, name)
		}
	}
	slices.Sort(given.Secrets)
	app, list := part.App(target, given)
	b.app, b.given = app.Reach(func(b manifest.Beside) string { return inPodAt(b.Port) }, inPodAt(app.Control), manifest.AttendantDir), given
	b.list = append(b.list, list...)
}

// own takes out of the options what is about other processes alone.
func (b *builder) own(apps []*manifest.App, i int) {
	maps.DeleteFunc(b.o.Files, func(name string, _ place) bool { return !manifest.Concerns(apps, i, name, manifest.InputPaths) })
	maps.DeleteFunc(b.o.Secrets, func(name string, _ keyRef) bool {
		return !manifest.Concerns(apps, i, name, manifest.SecretNames)
	})
	if b.app.Process != "" && !b.app.Copies.Many {
		b.o.Replicas = nil
		if b.o.Scale != nil && b.o.Scale.Max > 0 { // it is said of all
			b.o.Scale = nil
		}
	}
	b.elastic()
	if b.app.Process != "" && !listens(b.app) {
		b.o.Service = serviceOptions{}
	}
}

// checkOptions refuses what no program can be given.
func (b *builder) checkOptions() {
	if b.o.Memory != "" {
		if size, ok := quantityOf(string(b.o.Memory)); !ok || size < 16<<20 {
			b.list.Errorf(diag.BadValue, b.at("memory"), "`%s` is no size that a program could run in", b.o.Memory).Helpf("write `memory: 256MiB`")
		}
	}
	files := secretFiles(b.p)
	for name := range b.o.Secrets {
		if files[name] {
			continue
		}
		if _, ok := b.o.Env[name]; ok {
			b.list.Errorf(diag.TargetEnv, b.at("env."+name), "`%s` has a value in `env`, and a Secret in `secrets`", name).Helpf("take one of them away")
		}
		if why := validation.IsCIdentifier(name); why != nil {
			b.list.Errorf(diag.TargetEnv, b.at("secrets."+name), "`%s` is neither the name of a variable nor a file that the pipeline reads by `${file:…}`", name).Near(name, slices.Sorted(maps.Keys(files)))
		}
	}
	for name := range b.o.Files {
		if !slices.Contains(manifest.InputPaths(b.app), name) {
			read := manifest.InputPaths(b.app)
			d := b.list.Errorf(diag.TargetFile, b.at("files."+name), "the pipeline reads no file `%s`", name)
			if !d.Near(name, read) && len(read) > 0 {
				d.Notef("it reads %s", strings.Join(read, ", "))
			}
		}
	}
}

// secretFiles are the names by which `secrets` may have the files of `${file:…}`.
func secretFiles(p *ir.Program) map[string]bool {
	files := map[string]bool{}
	for _, part := range manifest.Parts(p) {
		app, _ := part.App(target, manifest.Given{Beside: true})
		for _, f := range app.SecretFiles {
			files[f.Name], files[f.Path] = true, true
		}
		for _, b := range app.Beside {
			for _, s := range b.Foreign.Secrets {
				files[s.Name] = true
			}
		}
	}
	return files
}

// at is where an option stands, or the one above it that does.
func (b *builder) at(path string) source.Span { return optionAt(b.p, b.app, path) }

// optionAt is where an option of a process stands; app is nil for one of all.
func optionAt(p *ir.Program, app *manifest.App, path string) source.Span {
	process := ""
	if app != nil {
		process = app.Process
	}
	return manifest.OptionAt(p.TargetSpans, target, process, strings.Split(path, ".")...)
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
