package mutants

// requests are mutants of the connectors of HTTP.
var requests = []Mutant{
	{
		Name: "HTTP: a sender is told yes whatever became of its records",
		File: "runtime/connect/http/serve.go",
		Old:  "s.answer(w, r, err)\n\t\treturn true",
		New:  "_ = err\n\t\ts.answer(w, r, nil)\n\t\treturn true",
	},
	{
		Name: "HTTP: requests that nobody reads any more are told yes",
		File: "runtime/connect/http/source.go",
		Old:  "r.finish(flow.ErrStopped)",
		New:  "r.finish(nil)",
	},
	{
		Name: "HTTP: a request that was given up is read all the same",
		File: "runtime/connect/http/request.go",
		Near: "runtime/connect/http TestSlowSinks",
		Old:  "return r.state.CompareAndSwap(isWaiting, isTaken)",
		New:  "return r.state.Swap(isTaken) != 99",
	},
	{
		Name: "HTTP: requests that come while the program stops are taken",
		File: "runtime/connect/http/serve.go",
		Old:  "case s.draining.Load():\n\t\treturn false, errStopping",
		New:  "case s.draining.Load() && q == nil:\n\t\treturn false, errStopping",
	},
	{
		Name: "HTTP: what a server fails at counts as written",
		File: "runtime/connect/http/sink.go",
		Old:  "if resp.StatusCode/100 != 2 {",
		New:  "if resp.StatusCode/100 == 4 {",
	},
	{
		Name: "HTTP: a redirect goes on without the records",
		File: "runtime/connect/http/client.go",
		Near: "runtime/connect/http TestSinkAnswers",
		Old:  "return http.ErrUseLastResponse",
		New:  "return nil",
	},
	{
		Name: "HTTP: what is behind a record that is tried again is taken for written",
		File: "runtime/connect/http/sink.go",
		Near: "runtime/connect/http TestSinkConforms",
		Old:  "failed[to] = flow.ErrNotTried",
		New:  "_ = flow.ErrNotTried",
	},
	{
		Name: "HTTP: a server that does not answer is given up",
		File: "runtime/connect/http/errors.go",
		Old:  "return &goneError{err: err}\n}\n",
		New:  "return &recordError{err: err}\n}\n",
	},
	{
		Name: "HTTP: a request holds records for another place",
		File: "runtime/connect/http/sink.go",
		Old:  "if k >= 0 && o.Keys[k][to] != o.Keys[k][from] {",
		New:  "if k >= 0 && o.Keys[k][to] != o.Keys[k][to-1] && to > from+1 {",
	},
	{
		Name: "HTTP: what was read of a page that has grown is read again",
		File: "runtime/connect/http/numbered.go",
		Old:  "left = p.at.Read",
		New:  "left = 0",
	},
	{
		Name: "HTTP: a page that grew before the next one came is not looked at again",
		File: "runtime/connect/http/numbered.go",
		Old:  "case n.ahead && !n.sure && (n.size == 0 || p.at.Read < n.size):",
		New:  "case n.ahead && !n.sure && p.at.Read < n.size:",
	},
	{
		Name: "HTTP: a round ends before its last page",
		File: "runtime/connect/http/numbered.go",
		Old:  "reached := n.first + asked\n",
		New:  "reached := n.first + asked + 1\n",
	},
}
