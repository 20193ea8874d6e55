package diag

var configCodes = []Info{}
