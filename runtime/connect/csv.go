package connect

// CSV is the part of a connector's config that says how rows are written.
type CSV struct {
	// Delimiter stands between cells.
	Delimiter string `json:"delimiter" default:","`
	// Quote goes around cells that hold a delimiter, a quote or a line end.
	Quote string `json:"quote" default:"\""`
	// Header tells that the first row (of each file or body) names the columns.
	Header bool `json:"header" default:"true"`
}
