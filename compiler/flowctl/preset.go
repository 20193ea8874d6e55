package flowctl

import (
	"fmt"
	"slices"
	"strings"
)

// A Preset is a pipeline of public components that `init` writes.
type Preset struct {
	Name    string
	Network string // testnet or mainnet
	Sink    string // postgres or duckdb
}

// Presets are those that flowctl has.
func Presets() []Preset {
	var out []Preset
	for _, network := range []string{"testnet", "mainnet"} {
		for _, sink := range []string{"duckdb", "postgres"} {
			out = append(out, Preset{Name: network + "-" + sink, Network: network, Sink: sink})
		}
	}
	return out
}

// Text is the pipeline in the short spelling. start is the first ledger, "" for the
// variable START_LEDGER of the program's environment, and without that the newest.
// Every target takes it as it is.
func (p Preset) Text(start string) string {
	values := map[string]string{
		"NETWORK_PASSPHRASE": "Test SDF Network ; September 2015", "RPC_ENDPOINT": "https://soroban-testnet.stellar.org",
		"START_LEDGER": "${env:START_LEDGER:-}", "POSTGRES_PASSWORD": "${env:POSTGRES_PASSWORD}",
	}
	if p.Network == "mainnet" {
		values["NETWORK_PASSPHRASE"], values["RPC_ENDPOINT"] = "Public Global Stellar Network ; September 2015", "${env:RPC_ENDPOINT}"
	}
	if start != "" {
		values["START_LEDGER"] = start
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Contract events of Stellar's %s into %s, by public components of flowctl.\n", p.Network, map[string]string{"postgres": "PostgreSQL", "duckdb": "a file of DuckDB"}[p.Sink])
	b.WriteString("# Put their programs into bin/, or say where they are.\npipeline: stellar-pipeline\n")
	p.node(&b, "sources", "stellar-source", "", "stellar-live-source", values, "END_LEDGER")
	p.node(&b, "processors", "contract-events", "stellar-source", "contract-events-processor", values)
	p.node(&b, "sinks", p.Sink+"-sink", "contract-events", p.Sink+"-consumer", values)
	if p.Network == "mainnet" {
		b.WriteString("\n# The address of an RPC provider has a key in it, most often.\ntargets:\n")
		for _, target := range []string{"compose", "k8s", "nomad"} {
			fmt.Fprintf(&b, "  %s: {secrets: {RPC_ENDPOINT: {}}}\n", target)
		}
		b.WriteString("  local: {secrets: {names: [RPC_ENDPOINT]}}\n")
	}
	return b.String()
}

// node writes one node with its environment, which all keys of its component's config
// are, but for some.
func (p Preset) node(b *strings.Builder, block, name, from, component string, values map[string]string, without ...string) {
	all := Known()
	c := all[slices.IndexFunc(all, func(c Component) bool { return c.Name == component })]
	fmt.Fprintf(b, "\n%s:\n  %s:\n", block, name)
	if from != "" {
		fmt.Fprintf(b, "    from: %s\n", from)
	}
	fmt.Fprintf(b, "    command: [./bin/%s]\n", component)
	if from != "" {
		fmt.Fprintf(b, "    takes: [%s]\n", c.Takes[len(c.Takes)-1])
	}
	if c.Role == "processor" {
		fmt.Fprintf(b, "    gives: [%s]\n", c.Gives[0])
	}
	b.WriteString("    env:\n")
	for _, key := range c.Config {
		value := values[key.Env]
		if value == "" {
			value = key.Example
		}
		if !slices.Contains(without, key.Env) {
			fmt.Fprintf(b, "      %s: %q\n", key.Env, value)
		}
	}
}
