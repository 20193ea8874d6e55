package compose

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// Options are what a pipeline says under `targets.compose`.
type Options struct {
	// As is "service" or "job", "" for what the program asks for.
	As string `json:"as"`
	// Project is the project's name, "" for the pipeline's.
	Project string `json:"project"`
	// Image is the reference of the image, PullPolicy when it is fetched.
	Image      string `json:"image"`
	PullPolicy string `json:"pull_policy"`
	// Env are the values of variables.
	Env map[string]string `json:"env"`
	// Secrets say where variables and files with secrets are on the host.
	Secrets map[string]Secret `json:"secrets"`
	// Files say where the files are that the pipeline reads, by the path in it.
	Files map[string]Place `json:"files"`
	// Storage says where the folders lie that the program writes to, by their path
	// in the container.
	Storage map[string]Storage `json:"storage"`
	// Memory is a size ("256MiB"), CPU a number of processors, Pids one of threads.
	Memory string      `json:"memory"`
	CPU    json.Number `json:"cpu"`
	Pids   int         `json:"pids"`
	// Replicas is how many copies run.
	Replicas int `json:"replicas"`
	// Publish says for ports by name where on the host they are: a number, "address:port",
	// true for the port's own number and false for nowhere.
	Publish map[string]any `json:"publish"`
	// Networks are those of other projects that the service joins.
	Networks []string `json:"networks"`
	// Profiles are those that start the service.
	Profiles []string `json:"profiles"`
	// Restart is the policy of restarts, "" for what the program asks for.
	Restart string `json:"restart"`
	// Labels are further labels of the container.
	Labels map[string]string `json:"labels"`
	// Broker brings what carries records between processes, nil for none.
	Broker *Broker `json:"broker"`
	// Overlay is merged over the service, as RFC 7386 has it.
	Overlay map[string]any `json:"overlay"`
}

// A Broker is a server of NATS of the project's own.
type Broker struct {
	Image   string  `json:"image"`
	Memory  string  `json:"memory"`
	Storage Storage `json:"storage"`
}

// A Secret is where the host has one: in a variable of the environment in which
// `docker compose` runs, or in a file.
type Secret struct {
	Env  string `json:"env"`
	File string `json:"file"`
}

// A Place is a file, a folder or a volume of the host.
type Place struct {
	Bind   string `json:"bind"`
	Volume string `json:"volume"`
}

// A Storage is what keeps a folder.
type Storage struct {
	Bind     string            `json:"bind"`
	External string            `json:"external"`
	Driver   string            `json:"driver"`
	Options  map[string]string `json:"options"`
}

// decode reads options that the schema has let through.
func decode(text backends.Options) *Options {
	o := &Options{}
	if len(text) == 0 {
		return o
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(o); err != nil {
		panic("the schema of the target compose lets options through that are none: " + err.Error())
	}
	return o
}

// keeps tells whether the options say what keeps the working folder.
func (o *Options) keeps() bool {
	_, ok := o.Storage[manifest.WorkDir]
	return ok
}

// limit is the memory that the options give, in bytes, 0 for none.
func (u *unit) limit() int64 {
	u.memory, _ = catalog.ParseSize(u.options.Memory)
	return u.memory
}

// secretVars are the variables that the options name among the secrets: what is
// no file of the pipeline's.
func (u *unit) secretVars() []string {
	var names []string
	for _, name := range sorted(u.options.Secrets) {
		if u.options.Secrets[name].File == "" {
			names = append(names, name)
		}
	}
	return names
}

// variable is the name by which the environment of `docker compose` has a secret
// variable of the program.
func (o *Options) variable(name string) string {
	if s, ok := o.Secrets[name]; ok && s.Env != "" {
		return s.Env
	}
	return name
}

// secretFile is where the host has a file of secrets.
func (o *Options) secretFile(f manifest.SecretFile) string {
	for _, key := range []string{f.Path, f.Name} {
		if s, ok := o.Secrets[key]; ok && s.File != "" {
			return hostPath(s.File)
		}
	}
	return "./secrets/" + f.Name
}

// hostPath is a path as Compose takes it for one: absolute, or relative to the file
// with a dot before it.
func hostPath(text string) string {
	if path.IsAbs(text) || strings.HasPrefix(text, "~") {
		return text
	}
	clean := path.Clean(text)
	if clean == ".." || strings.HasPrefix(clean, "../") || clean == "." {
		return clean
	}
	return "./" + clean
}
