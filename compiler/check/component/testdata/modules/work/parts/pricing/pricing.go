package pricing

type Trade struct{ ID string }

func Keep(in Trade) bool { return in.ID != "" }
