#compdef tocsin
# zsh completion for tocsin: the program says what may follow.
local -a words_that_fit
words_that_fit=(${(f)"$(${words[1]} --complete ${(Q)words[2,CURRENT]} 2> /dev/null)"})
compadd -S '' -- ${(M)words_that_fit:#*=}
compadd -- ${words_that_fit:#*=}
(( ${#words_that_fit} )) || _files
