package backends

import (
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// AsProcess warns of what components say that has no place where the program starts them
// itself: as processes, which have no limits and see the host as it is, or as containers in
// the network of the host. target is what the place is called.
func AsProcess(p *ir.Program, target string) (list diag.List) {
	for _, n := range p.Nodes {
		f := n.Foreign()
		if f == nil || f.Endpoint != nil {
			continue
		}
		process := f.Image == nil
		none := ir.ForeignResources{}
		switch {
		case process && (f.Requests != none || f.Limits != none):
			list.Warningf(diag.TargetComponent, f.Span, "`resources` of `%s` have no place on %s: it is a process there, and nothing limits it", n.YAML, target).
				Helpf("a container has them: `image`, or a target that runs containers")
		case f.Requests != none:
			list.Warningf(diag.TargetComponent, f.Span, "`resources.requests` of `%s` have no place on %s: nothing is set aside for a container there", n.YAML, target).
				Helpf("`limits` are kept")
		}
		for _, v := range f.Volumes {
			if process && v.HostPath != v.ContainerPath {
				list.Warningf(diag.TargetComponent, v.Span, "the volume `%s` of `%s` is mounted nowhere on %s: it is a process there, and sees the files of the host where they are", v.ContainerPath, n.YAML, target).
					Helpf("tell it the place by a variable (`env`) or an argument")
			}
		}
		for _, port := range f.Ports {
			if port.Host != 0 && port.Host != port.Container {
				list.Warningf(diag.TargetComponent, port.Span, "the port %d of `%s` is reached as %d on %s, and not as %d: it is in the network of the host there", port.Container, n.YAML, port.Container, target, port.Host).
					Helpf("name one number for both, or deploy to compose")
			}
		}
	}
	return list
}
