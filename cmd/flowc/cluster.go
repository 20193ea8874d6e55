package main

import (
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/kubernetes"
	kuberneteslive "github.com/flowc-dev/flowc/backends/kubernetes/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// A clusterArg says which cluster of Kubernetes is meant, where the environment alone does
// not.
type clusterArg struct {
	Kubeconfig string `help:"k8s: the file that says where clusters are, in the place of KUBECONFIG and ~/.kube/config." placeholder:"FILE"`
	Context    string `help:"k8s: the context of that file, in the place of the current one." placeholder:"NAME"`
}

// AfterApply hands the choice to whoever opens the cluster.
func (c clusterArg) AfterApply(a *app) error { //nolint:unparam // kong asks for it
	a.cluster = c
	return nil
}

func openKubernetes(a *app) (deploy.Engine, error) {
	choice := kuberneteslive.Choice{Kubeconfig: a.cluster.Kubeconfig, Context: a.cluster.Context, Agent: strings.TrimSuffix("flowc/"+version(), "/")}
	engine, err := kuberneteslive.Find(choice)
	if err != nil {
		return nil, environment(err)
	}
	return engine, nil
}

func kubernetesRelease(r *driver.Result, image string, _ bool) (*deploy.Release, error) {
	l := layout(r.Program)
	l.Image = image
	set, err := kubernetes.Render(r.Program, backends.Options(r.Program.Targets["k8s"]), l)
	if err != nil {
		return nil, bug(err)
	}
	release, err := kuberneteslive.Release(set, r.Dir, image)
	if err != nil {
		return nil, bug(err)
	}
	return release, nil
}
