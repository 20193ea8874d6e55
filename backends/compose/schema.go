package compose

// optionsSchema is what `targets.compose` may hold.
const optionsSchema = `
// How the program is run: a service starts with ` + "`docker compose up`" + `, a job only when it is asked for (` + "`docker compose run --rm NAME`" + `); a program without end is always a service.
as?: ("service" | "job") @is("service or job")
// The name of the project; by default the pipeline's.
project?: =~"^[a-z0-9][a-z0-9_-]*$" @is("lower-case letters, digits, hyphens and underscores")
// The image's reference; by default NAME:HASH. --image is stronger.
image?: =~"^[^ ]+$" @is("the reference of an image")
// When the image is fetched; by default where it is missing.
pull_policy?: ("always" | "missing" | "never") @is("always, missing or never")
// Values of variables.
env?: {[=~"^[A-Za-z_][A-Za-z0-9_]*$"]: string} @is("a mapping of variables to texts")
// Where secrets are: {env: NAME} for a variable of the program, from the environment of docker compose (by default the same name), {file: PATH} for a file that the pipeline names (by default secrets/NAME beside compose.yaml).
secrets?: {[string]: {
	// The variable of the environment of docker compose.
	env?: =~"^[A-Za-z_][A-Za-z0-9_]*$" @is("the name of a variable")
	// The file on the host.
	file?: =~"." @is("the path of a file")
} @is("{env: NAME} or {file: PATH}")} @is("a mapping of secrets to their places")
// Where files are that the pipeline reads, by the path in it.
files?: {[string]: {
	// The file on the host, relative to compose.yaml; with a slash at the end, or for a pattern, the folder it is in.
	bind?: =~"." @is("a path")
	// A volume with the file in it, which is there already.
	volume?: =~"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" @is("the name of a volume")
} @is("{bind: PATH} or {volume: NAME}")} @is("a mapping of paths to their places")
// What keeps the folders that the program writes to, by their path in the container (/data has the state); by default volumes of the project.
storage?: {[string]: {
	// A folder of the host that the user 65532 can write to.
	bind?: =~"." @is("a path")
	// A volume that is there already.
	external?: =~"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" @is("the name of a volume")
	// The driver of a volume of the project, and its options.
	driver?: =~"." @is("the name of a driver")
	options?: {[=~"^[A-Za-z_][A-Za-z0-9_./-]*$"]: string} @is("a mapping of options to texts")
} @is("{bind: PATH}, {external: NAME}, {driver: NAME}, or {} for a volume")} @is("a mapping of folders to what keeps them")
// The limit of memory, instead of the computed one.
memory?: =~"^[1-9][0-9]*(B|KB|MB|GB|KiB|MiB|GiB)$" @is("a size like 256MiB")
// The limit of processors; by default none.
cpu?: (number & >0) @is("a number of processors like 0.5")
// The limit of threads; by default 256.
pids?: (int & >=16) @is("a number, 16 at least")
// How many copies run; by default one.
replicas?: (int & >=1) @is("a number, 1 at least")
// Where the host has ports, by name (the source's, or metrics): a number or "address:port", true for the port's own number, false for nowhere. Without an address it is 127.0.0.1.
publish?: {[string]: (bool | (int & >0 & <65536) | =~"^([^ ]*:)?[0-9]+(-[0-9]+)?$") @is("a port, \"address:port\", true or false")} @is("a mapping of ports to places on the host")
// Networks to join, which are there already (default is the project's own).
networks?: [...=~"^[a-zA-Z_][a-zA-Z0-9_.-]*$"] @is("a list of networks")
// The profiles that start the service; by default none, and jobs for a job.
profiles?: [...=~"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"] @is("a list of profiles")
// When the container is started again; by default unless-stopped, or on-failure for a program that ends by itself.
restart?: ("no" | "always" | "unless-stopped" | =~"^on-failure(:[0-9]+)?$") @is("no, always, unless-stopped or on-failure")
// Further labels of the container.
labels?: {[string]: string} @is("a mapping of names to texts")
// Brings a server of NATS for the edges between processes, and gives the variable that their url is its address.
broker?: {
	// Its image, instead of NATS's own.
	image?: =~"^[^ ]+$" @is("the reference of an image")
	// Its limit of memory; by default 256 MiB.
	memory?: =~"^[1-9][0-9]*(B|KB|MB|GB|KiB|MiB|GiB)$" @is("a size like 512MiB")
	// What keeps its streams; by default a volume of the project.
	storage?: {
		// A folder of the host that the user 65532 can write to.
		bind?: =~"." @is("a path")
		// A volume that is there already.
		external?: =~"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" @is("the name of a volume")
	} @is("{bind: PATH} or {external: NAME}")
} @is("a mapping, or {} for all by default")
`

// processesSchema is what single processes may have for themselves.
const processesSchema = `
// Options of single processes, by name (flowc explain lists them), each in place of the one for all.
processes?: {[string]: {
	memory?: =~"^[1-9][0-9]*(B|KB|MB|GB|KiB|MiB|GiB)$" @is("a size like 256MiB")
	cpu?: (number & >0) @is("a number of processors like 0.5")
	pids?: (int & >=16) @is("a number, 16 at least")
	storage?: {[string]: {bind?: =~".", external?: =~"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", driver?: =~".", options?: {[=~"^[A-Za-z_][A-Za-z0-9_./-]*$"]: string}} @is("{bind: PATH}, {external: NAME}, {driver: NAME}, or {} for a volume")} @is("a mapping of folders to what keeps them")
	publish?: {[string]: (bool | (int & >0 & <65536) | =~"^([^ ]*:)?[0-9]+(-[0-9]+)?$") @is("a port, \"address:port\", true or false")} @is("a mapping of ports to places on the host")
	labels?: {[string]: string} @is("a mapping of names to texts")
	overlay?: {...} @is("a mapping of keys of a service")
} @is("a mapping of options")} @is("a mapping of processes to their options")
`

// serviceSchema has the keys of a service that an overlay may set: those of the
// Compose Specification without what would run something else. null takes a key
// away.
const serviceSchema = `
// Merged over the service as it is (a mapping key by key, everything else as a whole, null takes a key away), in the words of the Compose Specification; dollar signs interpolate here.
overlay?: {
	annotations?: {[string]: _} | [..._] | null
	attach?: bool | null
	blkio_config?: {...} | null
	cap_add?: [...string] | null
	cap_drop?: [...string] | null
	cgroup?: "host" | "private" | null
	cgroup_parent?: string | null
	container_name?: string | null
	cpu_count?: int | string | null
	cpu_percent?: number | string | null
	cpu_period?: int | string | null
	cpu_quota?: int | string | null
	cpu_rt_period?: int | string | null
	cpu_rt_runtime?: int | string | null
	cpu_shares?: int | string | null
	cpus?: _
	cpuset?: string | null
	depends_on?: {[string]: {...}} | [...string] | null
	deploy?: {...} | null
	device_cgroup_rules?: [...string] | null
	devices?: [..._] | null
	dns?: string | [...string] | null
	dns_opt?: [...string] | null
	dns_search?: string | [...string] | null
	domainname?: string | null
	env_file?: string | [..._] | null
	environment?: {[string]: string | number | bool | null} | null
	expose?: [...(string | int)] | null
	external_links?: [...string] | null
	extra_hosts?: {[string]: _} | [...string] | null
	gpus?: "all" | [..._] | null
	group_add?: [...(string | int)] | null
	healthcheck?: {...} | null
	hostname?: string | null
	image?: string | null
	init?: bool | null
	ipc?: string | null
	isolation?: string | null
	labels?: {[string]: string | number | bool | null} | null
	logging?: {...} | null
	mac_address?: string | null
	mem_limit?: _
	mem_reservation?: string | int | null
	mem_swappiness?: int | null
	memswap_limit?: string | int | null
	network_mode?: string | null
	networks?: {[string]: {...} | null} | [...string] | null
	oom_kill_disable?: bool | null
	oom_score_adj?: int | null
	pid?: string | null
	pids_limit?: _
	platform?: string | null
	ports?: [..._] | null
	post_start?: [...{...}] | null
	pre_stop?: [...{...}] | null
	privileged?: bool | null
	profiles?: [...string] | null
	pull_policy?: string | null
	read_only?: bool | null
	restart?: string | null
	runtime?: string | null
	scale?: _
	secrets?: [..._] | null
	security_opt?: [...string] | null
	shm_size?: string | int | null
	stop_grace_period?: string | null
	stop_signal?: string | null
	storage_opt?: {[string]: _} | null
	sysctls?: {[string]: _} | [...string] | null
	tmpfs?: string | [...string] | null
	ulimits?: {[string]: int | {...}} | null
	user?: string | null
	userns_mode?: string | null
	uts?: string | null
	volumes?: [..._] | null
	volumes_from?: [...string] | null
} @is("a mapping of keys of a service")
`
