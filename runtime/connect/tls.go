package connect

// ClientTLS is whom a client trusts, and who it is. Package secure makes it
// what crypto/tls wants.
type ClientTLS struct {
	// CA is the file of the authorities (PEM) to trust; empty trusts those of the
	// system.
	CA string `json:"ca" reach:"reads"`
	// Cert is the file of the client's certificate (PEM), where the server asks
	// for one. It is read anew for each connection.
	Cert string `json:"cert" reach:"reads"`
	// Key is the file of its key (PEM).
	Key string `json:"key" reach:"reads"`
	// Insecure trusts anybody: for tests alone.
	Insecure bool `json:"insecure"`
}

// IsZero tells that nothing of it is set.
func (t ClientTLS) IsZero() bool { return t == ClientTLS{} }
