package flowctl

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// keyed is what a mapping of flowctl's calls the keys of ours.
type keyed map[string]string

var (
	volumeKeys = keyed{"name": "name", "host_path": "host", "hostPath": "host", "host": "host", "container_path": "container", "mountPath": "container", "containerPath": "container", "container": "container", "readonly": "readonly", "readOnly": "readonly"}
	secretKeys = keyed{"name": "name", "host_path": "host", "host": "host", "container_path": "container", "container": "container", "env": "env", "mode": "mode", "type": "type", "required": "required", "labels": "labels"}
	portKeys   = keyed{"name": "name", "containerPort": "container", "container": "container", "hostPort": "host", "host": "host", "protocol": "protocol"}
)

// renamed carries a mapping under our keys; what has none is reported with the
// keys that flowctl documents.
func (v *v1) renamed(who string, n *parse.Node, keys keyed, documented []string) *parse.Node {
	out := *n
	out.Members = nil
	for _, m := range n.Members {
		key, ok := keys[m.Key.Text]
		if !ok {
			d := v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of %s", m.Key.Text, who)
			if !d.Near(m.Key.Text, documented) {
				d.Helpf("its keys are `%s`", strings.Join(documented, "`, `"))
				v.Lost[&out] = append(v.Lost[&out], m)
				continue
			}
			key = keys[diag.Nearest(m.Key.Text, documented)]
		}
		if before := out.Member(key); before != nil {
			v.l.Errorf(diag.KeyConflict, m.Key.Span, "%s says `%s` twice", who, key).Also(before.Key.Span, "the first")
			continue
		}
		v.carry(&out, key, m, v.plain(m.Value))
	}
	return &out
}

// each carries a list of mappings.
func (v *v1) each(key string, m *parse.Member, body *parse.Node, one func(*parse.Node) *parse.Node) {
	if m.Value.Kind == parse.Null || m.Value.Kind == parse.Sequence && len(m.Value.Items) == 0 {
		return
	}
	if m.Value.Kind != parse.Sequence {
		v.l.Errorf(diag.WrongType, m.Value.Place(), "`%s` must be a list, and this is %s", m.Key.Text, m.Value.Kind)
		return
	}
	out := *m.Value
	out.Items = nil
	for _, item := range m.Value.Items {
		if n := one(item); n != nil {
			out.Items = append(out.Items, n)
		}
	}
	if len(out.Items) > 0 {
		v.carry(body, key, m, &out)
	}
}

func (v *v1) volumes(name string, m *parse.Member, body *parse.Node) {
	v.each("volumes", m, body, func(n *parse.Node) *parse.Node {
		if n.Kind == parse.String { // host:container[:ro], as Docker writes it
			parts := strings.Split(n.Text, ":")
			if len(parts) < 2 {
				v.l.Errorf(diag.BadValue, n.Place(), "`%s` is no volume", n.Text).Helpf("write `{host_path: ./data, container_path: /data}`")
				return nil
			}
			out := mapping(n.Place())
			out.Style = parse.Flow
			host := "host"
			if !strings.ContainsAny(parts[0], "./") {
				host = "name"
			}
			v.put(out, host, n.Place(), v.text(parts[0], n.Place()))
			v.put(out, "container", n.Place(), v.text(parts[1], n.Place()))
			if len(parts) > 2 && parts[2] == "ro" {
				yes := v.text("true", n.Place())
				yes.Kind = parse.Bool
				v.put(out, "readonly", n.Place(), yes)
			}
			return out
		}
		if n.Kind != parse.Mapping {
			v.l.Errorf(diag.WrongType, n.Place(), "a volume must be a mapping, and this is %s", n.Kind)
			return nil
		}
		v.literal(n, "volumes", name)
		return v.renamed("a volume", n, volumeKeys, []string{"name", "mountPath", "host_path", "hostPath", "container_path", "readonly"})
	})
}

func (v *v1) secrets(m *parse.Member, body *parse.Node) {
	v.each("secrets", m, body, func(n *parse.Node) *parse.Node {
		if n.Kind != parse.Mapping {
			v.l.Errorf(diag.WrongType, n.Place(), "a secret must be a mapping, and this is %s", n.Kind)
			return nil
		}
		out := v.renamed("a secret", n, secretKeys, []string{"name", "host_path", "container_path", "env", "mode", "type", "required", "labels"})
		if mode := out.Member("mode"); mode != nil {
			mode.Value = v.asText(mode.Value)
		}
		return out
	})
}

// ports carries ports: mappings, or numbers, as older files have them.
func (v *v1) ports(name string, m *parse.Member, body *parse.Node) {
	v.each("ports", m, body, func(n *parse.Node) *parse.Node {
		if n.Kind == parse.Mapping {
			out := v.renamed("a port", n, portKeys, []string{"name", "containerPort", "hostPort", "protocol"})
			v.claim(name, out.Get("host"))
			return out
		}
		host, container, pair := strings.Cut(word(n), ":")
		if !pair {
			host, container = "", host
		}
		if _, err := strconv.ParseUint(container, 10, 16); err != nil {
			v.l.Errorf(diag.BadValue, n.Place(), "`%s` is no port", word(n)).Helpf("write `{containerPort: 8080}`")
			return nil
		}
		out := mapping(n.Place())
		out.Style = parse.Flow
		v.put(out, "container", n.Place(), v.number(container, n.Place()))
		if host != "" {
			v.put(out, "host", n.Place(), v.number(host, n.Place()))
			v.claim(name, out.Get("host"))
		}
		return out
	})
}

// claim reports a port of the host that two components ask for.
func (v *v1) claim(name string, port *parse.Node) {
	if !v.rewriting {
		return // the compiler compares ports of any spelling
	}
	text := strings.TrimPrefix(word(port), ":")
	if _, err := strconv.ParseUint(text, 10, 16); err != nil || text == "0" {
		return
	}
	if before, ok := v.claimed[text]; ok && before.name != name {
		v.l.Errorf(diag.PortCollision, port.Place(), "`%s` and `%s` both listen on port %s", before.name, name, text).
			Caret("asked for again").Also(before.at, "the first").
			Helpf("leave one of them out: free ports are assigned and handed to the component as PORT and HEALTH_PORT")
		return
	}
	v.claimed[text] = claim{name, port.Place()}
}
