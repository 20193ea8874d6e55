package kubernetes

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// schema is the CUE text of the options.
//
//go:embed options.cue
var optionsSchema string

// options are `targets.k8s`, as options.cue has them.
type options struct {
	Namespace        string            `json:"namespace"`
	CreateNamespace  bool              `json:"createNamespace"`
	As               string            `json:"as"`
	Replicas         *int32            `json:"replicas"`
	Scale            *scaleOptions     `json:"scale"`
	Schedule         string            `json:"schedule"`
	TimeZone         string            `json:"timeZone"`
	Image            string            `json:"image"`
	ImagePullSecrets []string          `json:"imagePullSecrets"`
	Env              manifest.Env      `json:"env"`
	Secrets          map[string]keyRef `json:"secrets"`
	Files            map[string]place  `json:"files"`
	Memory           manifest.Literal  `json:"memory"`
	CPU              manifest.Literal  `json:"cpu"`
	Storage          string            `json:"storage"`
	StorageClass     string            `json:"storageClass"`
	Service          serviceOptions    `json:"service"`
	NetworkPolicy    policyOption      `json:"networkPolicy"`
	PodMonitor       bool              `json:"podMonitor"`
	PriorityClass    string            `json:"priorityClass"`
	Labels           map[string]string `json:"labels"`
	Annotations      map[string]string `json:"annotations"`
	// Broker brings what carries records between processes, nil for none.
	Broker *brokerOptions `json:"broker"`
	// Overlay are patches by kind, or by kind and name; null drops an object.
	Overlay map[string]json.RawMessage `json:"overlay"`
}

type brokerOptions struct {
	Image        string           `json:"image"`
	Memory       manifest.Literal `json:"memory"`
	CPU          manifest.Literal `json:"cpu"`
	Storage      string           `json:"storage"`
	StorageClass string           `json:"storageClass"`
}

type scaleOptions struct {
	Min            *int32 `json:"min"`
	Max            int32  `json:"max"`
	By             string `json:"by"`
	Target         int32  `json:"target"`
	Cooldown       *int32 `json:"cooldown"`
	Monitor        string `json:"monitor"`
	Authentication string `json:"authentication"`
}

// A keyRef is a key of a Secret.
type keyRef struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// A place is where a file is: one of the first five is set.
type place struct {
	HostPath  string  `json:"hostPath"`
	Claim     string  `json:"claim"`
	ConfigMap string  `json:"configMap"`
	Secret    string  `json:"secret"`
	Content   *string `json:"content"`
	// Path is a folder in a claim, Key the key of a ConfigMap or Secret.
	Path string `json:"path"`
	Key  string `json:"key"`
}

// wrong says what does not go together in a place, "" for nothing.
func (p place) wrong() string {
	ways := 0
	for _, said := range []bool{p.HostPath != "", p.Claim != "", p.ConfigMap != "", p.Secret != "", p.Content != nil} {
		if said {
			ways++
		}
	}
	switch {
	case ways != 1:
		return "must be said in one way"
	case p.Path != "" && p.Claim == "":
		return "has a `path`, which is a folder of a claim"
	case p.Key != "" && p.ConfigMap == "" && p.Secret == "":
		return "has a `key`, which is one of a ConfigMap or Secret"
	}
	return ""
}

type serviceOptions struct {
	Type        string            `json:"type"`
	Annotations map[string]string `json:"annotations"`
}

// A policyOption says what a NetworkPolicy restricts: "" both ways, "ingress" or
// "none".
type policyOption string

func (o *policyOption) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		*o = ""
	case "false":
		*o = "none"
	default:
		return json.Unmarshal(text, (*string)(o))
	}
	return nil
}

// decode reads the options, which their schema has checked.
func decode(o backends.Options) (*options, error) {
	out := &options{}
	if len(o) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(o))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return nil, fmt.Errorf("the options of the target k8s: %w", err)
	}
	return out, nil
}
