local words = require "words"

local word
if ngx.var.arg_lua == "fail" then
    word = words.failing()
else
    word = words.of(ngx.var.arg_lua)
end
ngx.say(word)
