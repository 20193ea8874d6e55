package compose

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// An including project is one of several pipelines: it has those of each.
type including struct {
	Name    string   `json:"name"`
	Include []string `json:"include"`
}

// Folder returns the files of several pipelines as one project: that of each in a folder
// of its name, where paths are relative to, and one beside them that includes these. each
// has the files of a pipeline and projects what they say, in the same order. An error
// says why they can't be one project.
func Folder(projects []*Project, each [][]backends.File, l backends.Layout) ([]backends.File, error) {
	all := including{Name: projects[0].Name}
	var files []backends.File
	for i, p := range projects {
		if p.Name != all.Name {
			return nil, fmt.Errorf("%s would be in the project %s, and %s in %s: give all pipelines of the folder one project, `targets: {compose: {project: NAME}}`, which is a part of their volumes' names", projects[0].Flowc.Pipeline, all.Name, p.Flowc.Pipeline, p.Name)
		}
		for _, f := range each[i] {
			f.Path = p.Flowc.Pipeline + "/" + f.Path
			files = append(files, f)
		}
		all.Include = append(all.Include, p.Flowc.Pipeline+"/"+FileName)
	}
	if err := distinct(projects); err != nil {
		return nil, err
	}
	data, err := manifest.YAML(fmt.Sprintf("%s%s. DO NOT EDIT.", backends.Header, l.VersionSuffix()), all)
	if err != nil {
		return nil, err
	}
	return append(files, backends.File{Path: FileName, Data: data}), nil
}

// distinct refuses what Compose, or the engine, would: two things of one name, and two
// that publish one port.
func distinct(projects []*Project) error {
	owner, ports := map[string]string{}, map[int][]binding{}
	for _, p := range projects {
		var names []string
		for name := range p.Services {
			names = append(names, "service "+name)
		}
		for name, n := range p.Networks {
			if !n.External {
				names = append(names, "network "+name)
			}
		}
		for name, v := range p.Volumes {
			if !v.External {
				names = append(names, "volume "+name)
			}
		}
		for name := range p.Secrets {
			names = append(names, "secret "+name)
		}
		slices.Sort(names)
		for _, name := range names {
			if other, ok := owner[name]; ok {
				return fmt.Errorf("%s and %s would both have the %s: give one of the pipelines another name", other, p.Flowc.Pipeline, name)
			}
			owner[name] = p.Flowc.Pipeline
		}
		for _, service := range slices.Sorted(maps.Keys(p.Services)) {
			for _, b := range bindings(p, service) {
				for _, other := range ports[b.port] {
					if other.pipeline != b.pipeline && (other.address == b.address || anyAddress(other.address) || anyAddress(b.address)) {
						return fmt.Errorf("%s and %s would both publish the port %d: `targets: {compose: {publish: …}}` gives one of them another", other.pipeline, b.pipeline, b.port)
					}
				}
				ports[b.port] = append(ports[b.port], b)
			}
		}
	}
	return nil
}

// A binding is a port of the host that a pipeline publishes one of its own on.
type binding struct {
	pipeline, address string
	port              int
}

// anyAddress tells an address that stands for all of the host's.
func anyAddress(address string) bool {
	ip := net.ParseIP(strings.Trim(address, "[]"))
	return address == "" || ip != nil && ip.IsUnspecified()
}

// bindings are those of a service: of each port in a range.
func bindings(p *Project, service string) (all []binding) {
	var s struct {
		Ports []any `json:"ports"`
	}
	if text, err := json.Marshal(p.Services[service]); err != nil || json.Unmarshal(text, &s) != nil {
		return nil
	}
	for _, v := range s.Ports {
		text, ok := v.(string)
		if !ok {
			continue // an overlay's own form
		}
		host := text[:max(0, strings.LastIndexByte(text, ':'))]
		address, port := "", host
		if i := strings.LastIndexByte(host, ':'); i >= 0 {
			address, port = host[:i], host[i+1:]
		}
		first, last, ranged := strings.Cut(port, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, failed := strconv.Atoi(last)
		if err != nil || failed != nil {
			continue // a variable's
		}
		for n := from; n <= to; n++ {
			all = append(all, binding{p.Flowc.Pipeline, address, n})
		}
	}
	return all
}
