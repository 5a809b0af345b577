ngx.var.cli = require("sessions").number_of(ngx.var.remote_addr) or ""
