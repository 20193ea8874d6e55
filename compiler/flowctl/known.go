package flowctl

import "slices"

// A Component is one of the public components of flowctl's registry: what it is,
// the event types that it takes and gives, and the variables that its config
// becomes.
type Component struct {
	Name  string   `json:"name"`
	Role  string   `json:"role"`
	Takes []string `json:"takes,omitempty"`
	Gives []string `json:"gives,omitempty"`
	Says  string   `json:"says"`
	// Config are keys of its config, those that a pipeline must set first.
	Config []ComponentKey `json:"config,omitempty"`
}

// A ComponentKey is a key of a component's config.
type ComponentKey struct {
	Key     string `json:"key"`
	Env     string `json:"env"`
	Example string `json:"example,omitempty"`
}

// The event types of the public components.
const (
	ledger    = "stellar.ledger.v1"
	contracts = "stellar.contract.events.v1"
	transfers = "stellar.token.transfer.v1"
)

func passphrase() ComponentKey {
	return ComponentKey{"network_passphrase", "NETWORK_PASSPHRASE", "Test SDF Network ; September 2015"}
}

// Known are the public components, by their descriptors.
func Known() []Component {
	return []Component{
		{Name: "stellar-live-source", Role: "source", Gives: []string{ledger, "stellar.transaction.v1"}, Says: "ledgers of Stellar, live, from an RPC server or an archive", Config: []ComponentKey{
			passphrase(),
			{"backend_type", "BACKEND_TYPE", "RPC"},
			{"rpc_endpoint", "RPC_ENDPOINT", "https://soroban-testnet.stellar.org"},
			{"start_ledger", "START_LEDGER", ""},
			{"end_ledger", "END_LEDGER", ""},
		}},
		{Name: "contract-events-processor", Role: "processor", Takes: []string{ledger}, Gives: []string{contracts}, Says: "events of Soroban contracts in ledgers", Config: []ComponentKey{passphrase()}},
		{Name: "token-transfer-processor", Role: "processor", Takes: []string{ledger}, Gives: []string{transfers}, Says: "transfers of tokens in ledgers", Config: []ComponentKey{passphrase()}},
		{Name: "ttp-processor", Role: "processor", Takes: []string{ledger, "stellar.transaction.v1"}, Gives: []string{"stellar.ttp.event.v1"}, Says: "events of the token transfer protocol", Config: []ComponentKey{passphrase()}},
		{Name: "postgres-consumer", Role: "sink", Takes: []string{ledger, contracts}, Says: "writes to PostgreSQL", Config: []ComponentKey{
			{"postgres_host", "POSTGRES_HOST", "localhost"},
			{"postgres_port", "POSTGRES_PORT", "5432"},
			{"postgres_db", "POSTGRES_DB", "stellar_events"},
			{"postgres_user", "POSTGRES_USER", "postgres"},
			{"postgres_password", "POSTGRES_PASSWORD", ""},
		}},
		{Name: "postgres-sink", Role: "sink", Takes: []string{"stellar.ledger.batch.v1"}, Says: "keeps ledgers, transactions and operations in PostgreSQL", Config: []ComponentKey{{"postgres_dsn", "POSTGRES_DSN", ""}}},
		{Name: "duckdb-consumer", Role: "sink", Takes: []string{ledger, contracts}, Says: "writes to a file of DuckDB", Config: []ComponentKey{{"database_path", "DUCKDB_PATH", "./stellar_data.duckdb"}}},
	}
}

// Chains are the lines of public components from an event type to a sink whose
// name has a word, the shortest first.
func Chains(from, to string) [][]Component {
	all := Known()
	var out [][]Component
	var grow func(chain []Component, types []string)
	grow = func(chain []Component, types []string) {
		if len(chain) > 5 {
			return
		}
		for _, c := range all {
			if !slices.ContainsFunc(c.Takes, func(t string) bool { return slices.Contains(types, t) }) {
				continue
			}
			next := append(slices.Clone(chain), c)
			switch c.Role {
			case "sink":
				if containsWord(c.Name, to) {
					out = append(out, next)
				}
			case "processor":
				grow(next, c.Gives)
			}
		}
	}
	for _, c := range all {
		if c.Role == "source" && slices.Contains(c.Gives, from) {
			grow([]Component{c}, []string{from})
		}
	}
	slices.SortStableFunc(out, func(a, b []Component) int { return len(a) - len(b) })
	return out
}
