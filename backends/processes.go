package backends

import (
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// OneProcess refuses a pipeline that is to run in several processes for a target that
// deploys one.
func OneProcess(target string, p *ir.Program) diag.List {
	var list diag.List
	for _, n := range p.Nodes {
		if n.Replicas > 0 {
			list.Errorf(diag.TargetScale, n.ScaleSpan, "`%s` runs in processes of its own, and `%s` deploys a pipeline as one", n.YAML, target).
				Helpf("`flowc build` makes one binary of all processes, which `--process` and `--replica` choose from: deploy that, once for each").
				Helpf("or take `scale` out of what is deployed so (an overlay can)")
			break
		}
	}
	return list
}
