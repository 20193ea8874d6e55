package compose

// A Project is a Compose file. Its fields, and those of what is in it, are in the
// order in which they are written.
type Project struct {
	Name     string             `json:"name"`
	Flowc    Origin             `json:"x-flowc"`
	Services map[string]any     `json:"services"`
	Networks map[string]Network `json:"networks,omitempty"`
	Volumes  map[string]Volume  `json:"volumes,omitempty"`
	Secrets  map[string]File    `json:"secrets,omitempty"`
}

// An Origin says what a project was made of.
type Origin struct {
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
}

// A Service is a container, or several of them.
type Service struct {
	Image           string   `json:"image"`
	Entrypoint      []string `json:"entrypoint,omitempty"`
	Command         []string `json:"command,omitempty"`
	PullPolicy      string   `json:"pull_policy,omitempty"`
	Profiles        []string `json:"profiles,omitempty"`
	Restart         string   `json:"restart"`
	StopSignal      string   `json:"stop_signal"`
	StopGracePeriod string   `json:"stop_grace_period"`
	// User is "", and ReadOnly not set, for a component whose image says who it is.
	User        string                `json:"user,omitempty"`
	ReadOnly    bool                  `json:"read_only,omitempty"`
	CapDrop     []string              `json:"cap_drop"`
	SecurityOpt []string              `json:"security_opt"`
	Environment map[string]string     `json:"environment"`
	Secrets     []SecretMount         `json:"secrets,omitempty"`
	Volumes     []Mount               `json:"volumes,omitempty"`
	Tmpfs       []string              `json:"tmpfs"`
	Ports       []string              `json:"ports,omitempty"`
	Expose      []string              `json:"expose,omitempty"`
	Networks    []string              `json:"networks,omitempty"`
	DependsOn   map[string]Dependency `json:"depends_on,omitempty"`
	Healthcheck *Healthcheck          `json:"healthcheck,omitempty"`
	Deploy      Deploy                `json:"deploy"`
	Logging     Logging               `json:"logging"`
	Labels      map[string]string     `json:"labels"`
}

// A Healthcheck is a command that says whether the container is well. An interval
// for the start would need a newer engine than others of these fields do.
type Healthcheck struct {
	Test        []string `json:"test"`
	Interval    string   `json:"interval"`
	Timeout     string   `json:"timeout"`
	Retries     int      `json:"retries"`
	StartPeriod string   `json:"start_period"`
}

// A Deploy is how many containers there are, and what each may use.
type Deploy struct {
	Replicas  int       `json:"replicas,omitempty"`
	Resources Resources `json:"resources"`
}

// Resources are limits alone: Compose reserves nothing on one host.
type Resources struct {
	Limits       Limits        `json:"limits"`
	Reservations *Reservations `json:"reservations,omitempty"`
}

// Reservations are what a container asks for.
type Reservations struct {
	CPUs   string `json:"cpus,omitempty"`
	Memory string `json:"memory,omitempty"`
}

// Limits are what a container may use. Threads are limited here and not by
// pids_limit: engines refuse two places that say two things.
type Limits struct {
	CPUs   string `json:"cpus,omitempty"`
	Memory string `json:"memory,omitempty"`
	Pids   int    `json:"pids"`
}

// A Logging keeps the log of a container from filling the disk.
type Logging struct {
	Driver  string            `json:"driver"`
	Options map[string]string `json:"options"`
}

// A SecretMount puts a secret at a path.
type SecretMount struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// A Mount is a volume, or a path of the host.
type Mount struct {
	Type     string `json:"type"`
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
	Bind     *Bind  `json:"bind,omitempty"`
}

// A Bind says that a path of the host must be there: Docker would make an empty
// folder of root's.
type Bind struct {
	CreateHostPath bool `json:"create_host_path"`
}

// A Network is one of the project's, or of another.
type Network struct {
	External bool   `json:"external,omitempty"`
	Name     string `json:"name,omitempty"`
	Internal bool   `json:"internal,omitempty"`
}

// A Volume keeps a folder. Its labels never change: Compose would offer to make
// an empty one.
type Volume struct {
	External   bool              `json:"external,omitempty"`
	Name       string            `json:"name,omitempty"`
	Driver     string            `json:"driver,omitempty"`
	DriverOpts map[string]string `json:"driver_opts,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
}

// A File is a file of the host's.
type File struct {
	File string `json:"file"`
}
