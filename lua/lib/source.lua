-- What editors on Windows do to a file: GBK, byte-order marks, full-width punctuation. Said plainly, with the cure.
local host = ...
local errors = host.lib "errors"
local source = {}

local wide = { ["“"] = '"', ["”"] = '"', ["‘"] = "'", ["’"] = "'", ["，"] = ",", ["。"] = ".", ["；"] = ";", ["："] = ":", ["（"] = "(",
  ["）"] = ")", ["｛"] = "{", ["｝"] = "}", ["【"] = "[", ["】"] = "]", ["＝"] = "=", ["　"] = " ", ["＂"] = '"', ["、"] = "," }

local function line_of(text, n)
  local at = 1
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    if at == n then return line end
    at = at + 1
  end
  return ""
end

-- Blank out texts in quotes and comments, keeping every column.
local function code_only(line)
  line = line:gsub('"[^"]*"', function(x) return (" "):rep(#x) end)
  line = line:gsub("'[^']*'", function(x) return (" "):rep(#x) end)
  return (line:gsub("%-%-.*$", ""))
end

-- true when the file can be read as Lua at all.
function source.check(file)
  local text = host.file(file)
  if text:sub(1, 3) == "\239\187\191" then
    errors.put { file = file, line = 1, column = 1, message = "the file starts with a byte-order mark",
      message_zh = "文件开头有 BOM 标记", cure = "save it as UTF-8 without BOM" }
    return false
  end
  if host.utf8_valid(text) then return true end
  local n = 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    n = n + 1
    if not host.utf8_valid(line) then break end
  end
  errors.put { file = file, line = n, message = "the file is not UTF-8 (saved as GBK?)", message_zh = "文件不是 UTF-8 编码（可能存成了 GBK）",
    cure = "save it as UTF-8" }
  return false
end

local function wide_char(line)
  local bare = code_only(line)
  for at, code in utf8.codes(bare) do
    local char = utf8.char(code)
    if wide[char] then return char, utf8.len(line, 1, at) end
  end
end

-- A syntax error as an analyst can use it.
function source.explain(file, line, column, message, cure)
  local text = host.file(file)
  local char, at
  if text and line and host.utf8_valid(text) then char, at = wide_char(line_of(text, line)) end
  if char then
    return { file = file, line = line, column = at, cure = string.format("write %s", wide[char] == " " and "a blank" or wide[char]),
      message = string.format("full-width %s where Lua needs a plain %s", char == "　" and "blank" or char, wide[char]),
      message_zh = string.format("这里用了全角的 %s，应改为半角的 %s", char == "　" and "空格" or char, wide[char]) }
  end
  return { file = file, line = line, column = column, message = message, message_zh = "语法或运行错误：" .. tostring(message), cure = cure }
end

return source
