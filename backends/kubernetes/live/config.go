package live

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A Choice says which cluster is meant, where the user says more than the environment.
type Choice struct {
	// Kubeconfig is a file in the place of KUBECONFIG and ~/.kube/config, Context the name
	// of a context in the place of the current one; "" for neither.
	Kubeconfig, Context string
	// Agent is how requests call themselves.
	Agent string
}

// Find finds the cluster as kubectl does: by the choice, KUBECONFIG, ~/.kube/config, and
// in a pod by its account. Nothing is asked of the cluster yet.
func Find(c Choice) (*Engine, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	rules.WarnIfAllMissing = false
	where := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	config, err := where.ClientConfig()
	if err != nil {
		return nil, c.explain(rules, err)
	}
	namespace, _, err := where.Namespace()
	if err != nil {
		return nil, c.explain(rules, err)
	}
	name := c.Context
	if raw, err := where.RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	config.UserAgent = c.Agent
	return open(config, name, namespace)
}

// explain says what is wrong with what says where the cluster is, and what mends it.
func (c Choice) explain(rules *clientcmd.ClientConfigLoadingRules, err error) error {
	files := strings.Join(rules.GetLoadingPrecedence(), ", ")
	raw, unreadable := rules.Load()
	switch {
	case c.Kubeconfig != "" && errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("--kubeconfig %s: there is no such file", c.Kubeconfig)
	case unreadable != nil:
	case len(raw.Contexts) == 0:
		return fmt.Errorf("nothing says which cluster is meant: there is no context in %s, and this is no pod. `--kubeconfig FILE` or KUBECONFIG names another file", files)
	case raw.Contexts[cmp.Or(c.Context, raw.CurrentContext)] == nil:
		return fmt.Errorf("%w: %s has the contexts %s, and `--context` takes one of them", err, files, strings.Join(sorted(raw.Contexts), ", "))
	}
	return fmt.Errorf("what %s says of the cluster can't be used: %w", files, err)
}

// open makes the client of a cluster.
func open(config *rest.Config, context, namespace string) (*Engine, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("%q is no address of a cluster: %w", config.Host, err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("the login of %s can't be used: %w", base.Host, err)
	}
	place := "Kubernetes at " + strings.TrimSuffix(base.String(), "/")
	if context != "" {
		place += " (" + context + ")"
	}
	return &Engine{place: place, namespace: namespace, api: &api{base: strings.TrimSuffix(base.String(), "/"), client: client, resources: map[string]kindPath{}}}, nil
}
