package diag

// What a pipeline says, or does not say, of the places that it runs at.
const (
	// TargetStdin is a source that reads standard input, where there is none.
	TargetStdin Code = "target-stdin"
	// TargetEnv is a variable that a deployment does not give.
	TargetEnv Code = "target-env"
	// TargetFile is a file or folder of which a deployment does not know where it is.
	TargetFile Code = "target-file"
	// TargetPort is an address whose port is not known when the deployment is written.
	TargetPort Code = "target-port"
	// TargetLocal is a server on localhost, which in a container is the container.
	TargetLocal Code = "target-local"
	// TargetName is a name that a deployment has twice, or that its target refuses.
	TargetName Code = "target-name"
	// TargetCopies are several copies of a program of which one alone may run.
	TargetCopies Code = "target-copies"
	// TargetOption is an option of a target that does not go with the program.
	TargetOption Code = "target-option"
	// TargetOverlay is an overlay that does not fit the files that it lies over.
	TargetOverlay Code = "target-overlay"
	// TargetScale is a pipeline in several processes where a target starts one.
	TargetScale Code = "target-scale"
	// TargetComponent is a component that starts a program which the image of the
	// pipeline does not hold.
	TargetComponent Code = "target-component"
)

var targetCodes = []Info{
	{
		Code:  TargetComponent,
		Title: "a component whose program is not in the image of the pipeline",
		Text: `A node with ` + "`command`" + ` starts a program, and the image that flowc makes holds the
program of the pipeline and files of its folder, and nothing else. An image that is built
on one with the component in it (` + "`flowc image --base`" + `) has it; or the component is a
container of its own, with an ` + "`image`" + `. It is a warning, because flowc does
not look into images. It is an error for a node with ` + "`image`" + ` that is talked to by lines,
which would be the program's child, and where a target runs no containers.`,
	},
	{
		Code:  TargetStdin,
		Title: "a source that reads standard input on a target that has none",
		Text: `A container, a pod or a unit has nobody who types into it or pipes a file to it. The
program itself can still be run with ` + "`flowc run`" + `; what is deployed reads a file, a
topic or a request instead, and an overlay (` + "`--env prod`" + `) can say so.`,
	},
	{
		Code:  TargetEnv,
		Title: "a variable of the environment that a deployment does not give",
		Text: `Each ` + "`${env:NAME}`" + ` without a default must have a value when the program starts, so the
options of the target say where it comes from: ` + "`env`" + ` gives the value itself, and
` + "`secrets`" + ` names the place where the target keeps it. A variable with a default is left
to that unless one of the two names it.`,
	},
	{
		Code:  TargetFile,
		Title: "a file whose place a deployment does not know",
		Text: `The files beside a pipeline are not in its image. ` + "`targets.NAME.files`" + ` tells for each
path that the pipeline reads, as it stands there, where the target has it (a folder of
the host, a volume, a config map). The folders that it writes to become volumes, and so
their paths must be known as well.`,
	},
	{
		Code:  TargetPort,
		Title: "a port that is not known when a deployment is written",
		Text: `Ports, services, probes and network rules hold the number, so an address to listen on
must have one: neither 0, nor a variable without a value.`,
	},
	{
		Code:  TargetLocal,
		Title: "a server on localhost, which in a container is the container itself",
		Text: `In a container nothing listens on localhost but the program. A server that runs on the
same machine, or in another container, has a name or an address of its own there; the
variable of a reference (` + "`${env:NATS_URL:-nats://localhost:4222}`" + `) can say it in the options of
the target. It is a warning, because what is laid over the files may put the server
beside the program.`,
	},
	{
		Code:  TargetName,
		Title: "a name that a deployment can't use",
		Text: `Names of objects, volumes and secrets must be unique in a deployment, and labels and
annotations must be such as the target takes.`,
	},
	{
		Code:  TargetCopies,
		Title: "several copies of a program of which one alone may run",
		Text: `A second copy of a program whose source gives everything to everybody would read and
write all of it again, or be refused by the lock of the first. Several copies work where
the source shares its records among them (a Kafka ` + "`group`" + `, a NATS ` + "`durable`" + `, HTTP behind
one address) and no sink writes files.`,
	},
	{
		Code:  TargetOption,
		Title: "an option of a target that does not go with the program",
		Text: `What a target is asked for contradicts what the program is: a schedule for one that
never ends, a service for one that ends by itself. ` + "`flowc explain`" + ` tells what would be
taken without the option, and why.`,
	},
	{
		Code:  TargetOverlay,
		Title: "an overlay that does not fit the files that it lies over",
		Text: `An overlay is merged into the files of a target as a patch, and the result is checked
like the files themselves: its objects must exist, and its fields must be fields of
theirs.`,
	},
	{
		Code:  TargetScale,
		Title: "a pipeline in several processes where a target starts one",
		Text: `With ` + "`scale`" + ` a pipeline is cut into processes, each with its number of copies, and the
target has no form for what it is to do with them: a timer of systemd's starts one. An
overlay (` + "`--env`" + `) can take ` + "`scale`" + ` away for a deployment in one process.`,
	},
}
